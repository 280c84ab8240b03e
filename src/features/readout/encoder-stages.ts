import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { resolveSize } from '../../augmentations/image-checks.js';
import { checkKeys, nearestName } from '../../errors/check-keys.js';
import { checkInteger, checkPositive, receivedMessage } from '../../errors/checks.js';
import { CheckpointError, InvalidOptionError } from '../../errors/errors.js';
import { describeShape, fitsShape, type OpenSizes } from '../../models/check-encoder.js';
import { layerCalls, shapesAt } from '../../models/layer-graph.js';

/** Where an encoder can be read: a layer, and what it gives. */
export interface EncoderStage {
  /** Name of the layer. */
  layer: string;
  /** Rows of its maps. */
  height: number;
  /** Columns of its maps. */
  width: number;
  /** Channels of its maps. */
  channels: number;
}

/** A stage that a read-out reads. */
export interface ReadoutStage {
  /**
   * Name of the layer: one of {@link encoderStages}, or any other that gives maps `[batch, height, width, channels]` or
   * vectors `[batch, channels]`.
   */
  layer: string;
  /**
   * Cells per side, in each of which the maps are averaged: 1 for one vector per map, 4 for 4x4. Cells overlap where the
   * number does not divide the map.
   * @defaultValue `4`, or as many as the map has rows or columns
   */
  grid?: number;
  /**
   * Standard deviation of the stage's vector relative to those of the other stages. A larger one brings more of its
   * directions among the largest of the joined vector. A single stage has no use for it.
   * @defaultValue `1`
   */
  weight?: number;
}

/** A {@link ReadoutStage} with all of its options and the shape of its maps. */
export type ResolvedStage = Required<ReadoutStage> & EncoderStage;

/** A stage, and the tensor that it reads. */
export interface StageOutput {
  stage: ResolvedStage;
  tensor: SymbolicTensor;
}

/** Height and width of pictures. */
type PictureSize = readonly [height: number, width: number];

/** Options of {@link encoderStages}. */
export interface EncoderStagesOptions {
  /**
   * Height and width of the pictures, in pixels; one number for a square.
   * @defaultValue the encoder's; needed where it takes any
   */
  size?: number | readonly [height: number, width: number];
}

/** Padding holds no features, but has a size of its own. */
const sizeless = new Set(['InputLayer', 'ZeroPadding2D']);

/** Maps of a layer, as a stage; undefined for layers that give neither maps of a known size nor vectors. */
function stageOf(layer: string, shape: OpenSizes): EncoderStage | undefined {
  const [height, width, channels] = shape.length === 2 ? [1, 1, shape[1]] : shape.slice(1);
  if (shape.length !== 2 && shape.length !== 4) return undefined;
  if (height == null || width == null || channels == null) return undefined;
  return { layer, height, width, channels };
}

/** Every layer that can be read, in the order in which they run, for pictures of a size. */
function readable(
  caller: string,
  encoder: LayersModel,
  size?: PictureSize,
): Map<string, { stage: EncoderStage; tensor: SymbolicTensor }> {
  const found = new Map<string, { stage: EncoderStage; tensor: SymbolicTensor }>();
  const calls = layerCalls(caller, encoder);
  const shapes = size && shapesAt(calls, size);
  for (const { layer, output } of calls) {
    const stage = stageOf(layer.name, shapes?.get(output) ?? output.shape);
    if (!stage || sizeless.has(layer.getClassName())) continue;
    found.delete(layer.name); // of a layer that is called twice, the last call counts
    found.set(layer.name, { stage, tensor: output });
  }
  return found;
}

/**
 * The stages of an encoder: the last layer of each size of maps, from the largest to the smallest.
 *
 * @param encoder - Any model of tfjs-layers that takes pictures.
 * @param options - See {@link EncoderStagesOptions}.
 * @returns The layer of each stage and the shape of its maps. Of a ResNet-18 for 32x32 pictures with the 'imagenet' stem:
 * `'bn1'` (16x16), `'layer1.1.bn2'` (8x8), and so on.
 * @throws {@link InvalidOptionError} when a layer has several outputs, or the encoder takes any size and `size` is missing,
 * or takes one size and `size` is another.
 * @example
 * const [stem, first] = encoderStages(encoder);
 */
export function encoderStages(encoder: LayersModel, options: EncoderStagesOptions = {}): EncoderStage[] {
  const caller = 'encoderStages';
  checkKeys(caller, options, { size: 1 });
  const own = encoder.inputs[0]?.shape ?? [];
  if (options.size === undefined) {
    if (own.length !== 4 || (own[1] !== null && own[2] !== null)) return stagesAt(caller, encoder);
    throw new InvalidOptionError(
      `${caller}: size must be given, because the encoder takes pictures of any size. Received: size=undefined.`,
    );
  }
  const size = resolveSize(caller, options.size);
  if (own.length !== 4 || !fitsShape(size, own.slice(1, 3))) {
    throw new InvalidOptionError(
      `${caller}: size must be that of the encoder's input. Received: size=[${size}], encoder with input shape [${describeShape(own)}].`,
    );
  }
  return stagesAt(caller, encoder, size);
}

/** {@link encoderStages} of checked arguments. */
function stagesAt(caller: string, encoder: LayersModel, size?: PictureSize): EncoderStage[] {
  const bySize = new Map<string, EncoderStage>();
  for (const { stage, tensor } of readable(caller, encoder, size).values()) {
    if (tensor.shape.length === 4) bySize.set(`${stage.height}x${stage.width}`, stage);
  }
  return [...bySize.values()].sort((a, b) => b.height * b.width - a.height * a.width);
}

/** A covariance of more columns takes minutes and gigabytes. */
export const mostLength = 4096;

/**
 * The stages that are read unless others are named: the first two on 3x3, or, where they are too long or there is one, the
 * first on its own grid. Whitened, two are worth more than either (docs/readout.md).
 */
function defaultStages(caller: string, encoder: LayersModel, size: PictureSize): ReadoutStage[] {
  const [first, second] = stagesAt(caller, encoder, size);
  if (!first) {
    throw new InvalidOptionError(
      `${caller}: encoder must have a layer that gives maps; name another with stages. Received: ${encoder.name}.`,
    );
  }
  const both = [first, second].flatMap((stage) => {
    return stage ? [{ ...stage, grid: Math.min(3, stage.height, stage.width), weight: 1 }] : [];
  });
  if (both.length < 2 || joinedLength(both) > mostLength) return [{ layer: first.layer }];
  return both.map(({ layer, grid }) => ({ layer, grid }));
}

/**
 * Checks the stages of a read-out and finds what they read.
 *
 * @param size - Height and width of the pictures.
 * @param stages - Left out, the default ones.
 * @throws {@link InvalidOptionError} when there is none, one is not in the encoder, or an option is outside its domain.
 */
export function resolveStages(
  caller: string,
  encoder: LayersModel,
  size: PictureSize,
  stages: readonly ReadoutStage[] = defaultStages(caller, encoder, size),
): StageOutput[] {
  if (!Array.isArray(stages) || stages.length === 0) {
    const expectation = 'stages must be a list of at least one stage';
    throw new InvalidOptionError(receivedMessage(caller, expectation, 'stages', stages));
  }
  const known = readable(caller, encoder, size);
  return (stages as readonly ReadoutStage[]).map((given, index) => {
    const argument = `stages[${index}]`;
    checkKeys(caller, given, { layer: 1, grid: 1, weight: 1 }, argument);
    const { layer, weight = 1 } = given;
    const found = known.get(layer);
    if (!found) {
      const near = typeof layer === 'string' ? nearestName(layer, [...known.keys()]) : undefined;
      const names = stagesAt(caller, encoder, size).map((stage) => stage.layer);
      const advice = near === undefined ? `its stages are ${names.join(', ')}` : `did you mean ${near}?`;
      throw new InvalidOptionError(
        receivedMessage(
          caller,
          `${argument}.layer must be a layer of the encoder that gives maps or vectors; ${advice}`,
          `${argument}.layer`,
          layer,
        ),
      );
    }
    const { height, width } = found.stage;
    const most = Math.min(height, width);
    const { grid = Math.min(4, most) } = given;
    checkInteger(caller, `${argument}.grid`, grid);
    if (grid > most) {
      const expectation = `${argument}.grid must be at most ${most}, because ${layer} gives maps of ${height}x${width}`;
      throw new InvalidOptionError(receivedMessage(caller, expectation, `${argument}.grid`, grid));
    }
    checkPositive(caller, `${argument}.weight`, weight);
    return { stage: { ...found.stage, grid, weight }, tensor: found.tensor };
  });
}

/**
 * What saved stages read in an encoder.
 *
 * @throws {@link CheckpointError} when the encoder lacks a stage or has one of another shape.
 */
export function stageOutputs(
  caller: string,
  encoder: LayersModel,
  stages: readonly ResolvedStage[],
  size: PictureSize,
): StageOutput[] {
  const known = readable(caller, encoder, size);
  return stages.map((stage) => {
    const found = known.get(stage.layer);
    const shapeOf = ({ height, width, channels }: EncoderStage) => `${height}x${width}x${channels}`;
    if (found && shapeOf(found.stage) === shapeOf(stage)) return { stage, tensor: found.tensor };
    const received = found ? `one of ${shapeOf(found.stage)}` : 'an encoder without it';
    throw new CheckpointError(
      `${caller}: source must be the encoder that the state was fitted to, with a layer ${stage.layer} that gives ${shapeOf(stage)}. Received: ${received}.`,
    );
  });
}

/** Numbers that a stage adds to the vector. */
export function stageLength({ grid, channels }: ResolvedStage): number {
  return grid * grid * channels;
}

/** Length of the joined vector. */
export function joinedLength(stages: readonly ResolvedStage[]): number {
  return stages.reduce((sum, stage) => sum + stageLength(stage), 0);
}
