import type { ImageSize, TransformConfig } from '../../augmentations/index.js';

/** Factors of what a transform has. */
export interface ConfigChange {
  /** Of the height and width of crops, rounded to pixels. */
  size?: ImageSize;
  /** Of the strength of color jitter. */
  strength?: number;
}

/** A transform as data, with changes, and what there was to change. */
export interface ChangedConfig {
  config: TransformConfig;
  /** Sizes of the crops before the change. */
  sizes: ImageSize[];
  /** Whether there is color jitter. */
  hasStrength: boolean;
}

const crops = new Set(['simclrAugmentation', 'randomResizedCrop']);
const jitters = new Set(['simclrAugmentation', 'colorJitter']);

/** Changes the crops and the color jitter of a transform, and of those that it is composed of. */
export function changedConfig({ name, options }: TransformConfig, change: ConfigChange): ChangedConfig {
  const changed: Record<string, unknown> = { ...options };
  const sizes: ImageSize[] = [];
  let hasStrength = jitters.has(name);
  const inner = (config: unknown): TransformConfig => {
    const part = changedConfig(config as TransformConfig, change);
    sizes.push(...part.sizes);
    hasStrength ||= part.hasStrength;
    return part.config;
  };
  if (name === 'compose') changed.transforms = (options.transforms as unknown[]).map(inner);
  if (name === 'randomApply') changed.transform = inner(options.transform);
  if (crops.has(name)) {
    const size = options.size as ImageSize;
    sizes.push(size);
    const { size: factors = [1, 1] } = change;
    changed.size = size.map((side, axis) => Math.max(1, Math.round(side * factors[axis]!)));
  }
  if (jitters.has(name)) changed.strength = (options.strength as number) * (change.strength ?? 1);
  return { config: { name, options: changed }, sizes, hasStrength };
}
