import { input, type LayersModel, layers, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { checkChoice, checkPositive } from '../errors/checks.js';
import { type NetworkOptions, Parts, resolveNetwork } from './network-parts.js';

/** Options of {@link mobileNetV2}. */
export interface MobileNetV2Options extends NetworkOptions {
  /**
   * Factor of the number of channels, > 0: torchvision's `width_mult`. Numbers of channels are rounded to multiples of 8. The
   * representation gets longer above 1, but not shorter below.
   * @defaultValue `1`
   */
  widthMultiplier?: number;
  /**
   * How early the network shrinks the pictures.
   *
   * - `'imagenet'`: 32 times in all, as in torchvision.
   * - `'small'`: 8 times, for pictures of about 32x32: the first convolution and the second stage have stride 1, as in
   *   kuangliu's pytorch-cifar.
   * @defaultValue `'imagenet'`
   */
  stem?: 'imagenet' | 'small';
}

/** The stages of inverted residual blocks: Table 2 of the paper. */
const stages: ReadonlyArray<{ expansion: number; channels: number; blocks: number; strides: number }> = [
  { expansion: 1, channels: 16, blocks: 1, strides: 1 },
  { expansion: 6, channels: 24, blocks: 2, strides: 2 },
  { expansion: 6, channels: 32, blocks: 3, strides: 2 },
  { expansion: 6, channels: 64, blocks: 4, strides: 2 },
  { expansion: 6, channels: 96, blocks: 3, strides: 1 },
  { expansion: 6, channels: 160, blocks: 3, strides: 2 },
  { expansion: 6, channels: 320, blocks: 1, strides: 1 },
];
const stemChannels = 32;
const lastChannels = 1280;
/** With the 'small' stem, this stage does not shrink. */
const smallStage = 1;

/**
 * MobileNetV2 without its classifier: pictures to representations h, with a seventh of the arithmetic of a ResNet-18.
 *
 * 2,223,872 trained parameters at the default width (and 34,112 running statistics). The same numbers as torchvision's
 * network when given its weights.
 *
 * @param options - See {@link MobileNetV2Options}.
 * @returns Model from `[batch, height, width, channels]`, float32 in [0, 1], to `[batch, 1280]` (longer where
 * `widthMultiplier` is greater than 1), in [0, 6]. Dispose of it with `model.dispose()`.
 * @throws {@link InvalidOptionError} when an option is outside its domain.
 * @example
 * const encoder = mobileNetV2({ inputShape: [96, 96, 3], seed: 1 });
 * @see Sandler et al. 2018, arXiv:1801.04381; torchvision's `mobilenet_v2`.
 */
export function mobileNetV2(options: MobileNetV2Options = {}): LayersModel {
  const caller = 'mobileNetV2';
  const settings = resolveNetwork(caller, options, { widthMultiplier: 1, stem: 1 });
  const { widthMultiplier = 1, stem = 'imagenet' } = options;
  checkPositive(caller, 'widthMultiplier', widthMultiplier);
  checkChoice(caller, 'stem', stem, ['imagenet', 'small']);

  const parts = new Parts(settings);
  const pictures = input({ shape: [...settings.inputShape], name: parts.named('input') });
  const activation = 'relu6';
  let x = parts.convolution(
    pictures,
    'features.0.0',
    roundChannels(stemChannels * widthMultiplier),
    3,
    stem === 'small' ? 1 : 2,
  );
  x = parts.normalization(x, 'features.0.1', { activation });
  let feature = 1;
  for (const [stage, { expansion, channels, blocks, strides }] of stages.entries()) {
    const stageStrides = stem === 'small' && stage === smallStage ? 1 : strides;
    for (let block = 0; block < blocks; block++) {
      x = invertedResidual(parts, x, `features.${feature++}.conv`, {
        channels: roundChannels(channels * widthMultiplier),
        expansion,
        strides: block === 0 ? stageStrides : 1,
      });
    }
  }
  const last = roundChannels(lastChannels * Math.max(1, widthMultiplier));
  x = parts.convolution(x, `features.${feature}.0`, last, 1);
  x = parts.normalization(x, `features.${feature}.1`, { activation });
  const h = layers.globalAveragePooling2d({ name: parts.named('avgpool') }).apply(x) as SymbolicTensor;
  return model({ inputs: pictures, outputs: h, name: options.name ?? caller });
}

/** The nearest multiple of 8 that is not more than a tenth smaller, and at least 8. */
function roundChannels(channels: number): number {
  const nearest = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return nearest < 0.9 * channels ? nearest + 8 : nearest;
}

/** Expands the channels, convolves each on its own, and projects them. Blocks that change no shape add their input. */
function invertedResidual(
  parts: Parts,
  x: SymbolicTensor,
  name: string,
  { channels, expansion, strides }: { channels: number; expansion: number; strides: number },
): SymbolicTensor {
  const inputs = x.shape[3]!;
  const activation = 'relu6';
  let y = x;
  let part = 0;
  if (expansion !== 1) {
    y = parts.convolution(y, `${name}.${part}.0`, inputs * expansion, 1);
    y = parts.normalization(y, `${name}.${part++}.1`, { activation });
  }
  y = parts.depthwise(y, `${name}.${part}.0`, 3, strides);
  y = parts.normalization(y, `${name}.${part++}.1`, { activation });
  y = parts.convolution(y, `${name}.${part++}`, channels, 1);
  const isResidual = strides === 1 && inputs === channels;
  return parts.normalization(isResidual ? [y, x] : y, `${name}.${part}`);
}
