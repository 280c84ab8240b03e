import type { NormalizeOptions } from '../../augmentations/index.js';
import { hasTag, isObject } from '../../errors/checks.js';
import { CheckpointError } from '../../errors/errors.js';
import type { ResolvedStage } from './encoder-stages.js';
import type { WhiteningWeights } from './stage-model.js';

/** What a read-out says of itself; plain JSON. */
export interface ReadoutJSON {
  /** `[height, width, channels]` of the pictures. */
  inputShape: [number, number, number];
  /** What is read. */
  stages: ResolvedStage[];
  /** Mean and standard deviation of each channel of the pictures, or `null`. */
  normalization: NormalizeOptions | null;
  /** How many pictures it was fitted to. */
  pictures: number;
  /** Share of the variance that the vectors keep, from 0 to 1. */
  explainedVariance: number;
  /** Fingerprint of the encoder's weights that are read; `null` where an earlier version did not keep it. */
  encoderWeights: string | null;
}

/** Numbers with their shape. */
export interface ReadoutTensor {
  /** Row-major. */
  data: Float32Array;
  /** Sizes of the axes. */
  shape: number[];
}

/** What a read-out adds to its encoder. */
export interface ReadoutState {
  /** What is read, and how. */
  json: ReadoutJSON;
  /** The weights that whiten: `y = x kernel + bias`. */
  tensors: {
    /** `[length of the joined stages, dim]`. */
    kernel: ReadoutTensor;
    /** `[dim]`. */
    bias: ReadoutTensor;
  };
}

const isNumber = (value: unknown, least = 0) => typeof value === 'number' && value >= least;

function isStage(value: unknown): boolean {
  if (!isObject(value) || typeof value.layer !== 'string' || !isNumber(value.weight)) return false;
  return ['height', 'width', 'channels', 'grid'].every((key) => Number.isInteger(value[key]));
}

/** @throws {@link CheckpointError} unless `value` is what a read-out says of itself. */
export function checkReadoutJSON(caller: string, value: unknown): ReadoutJSON {
  const valid =
    isObject(value) &&
    Array.isArray(value.inputShape) &&
    value.inputShape.length === 3 &&
    Array.isArray(value.stages) &&
    value.stages.length > 0 &&
    value.stages.every(isStage) &&
    (value.normalization === null || isObject(value.normalization)) &&
    isNumber(value.pictures) &&
    isNumber(value.explainedVariance) &&
    (value.encoderWeights == null || typeof value.encoderWeights === 'string');
  if (valid)
    return { ...(value as unknown as ReadoutJSON), encoderWeights: (value.encoderWeights as string) ?? null };
  throw new CheckpointError(
    `${caller}: the description of the read-out must be what Readout.state gave. Received: ${JSON.stringify(value)?.slice(0, 200)}.`,
  );
}

/** @throws {@link CheckpointError} unless the weights of a state fit `length` and each other, and are finite. */
export function readTensors(caller: string, { tensors }: ReadoutState, length: number): WhiteningWeights {
  const kernel = tensors?.kernel?.data;
  const bias = tensors?.bias?.data;
  const fits =
    hasTag(kernel, 'Float32Array') &&
    hasTag(bias, 'Float32Array') &&
    bias.length > 0 &&
    kernel.length === length * bias.length;
  if (fits && kernel.every(Number.isFinite) && bias.every(Number.isFinite)) return { kernel, bias };
  throw new CheckpointError(
    `${caller}: the tensors of the read-out must be finite float32: kernel of [${length}, dim] and bias of [dim]. Received: kernel of ${kernel?.length ?? 0} and bias of ${bias?.length ?? 0} values.`,
  );
}
