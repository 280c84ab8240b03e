import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { CheckpointError } from '../../errors/errors.js';
import { allWeights } from '../../models/named-weights.js';
import type { NamedTensor } from '../../optimizers/index.js';
import { WeightAverage } from '../averaging/weight-average.js';
import type { TrainerCore } from '../step/trainer-core.js';

const prefix = 'average/';

/** What a checkpoint says of the average of the weights; its tensors are among the weights. */
export interface SavedAverage {
  /** Share that stays at each update, `null` = a plain mean. */
  decay: number | null;
  /** Updates so far. */
  count: number;
  /** Whether encoder and projection head had the average. */
  inUse: boolean;
}

/** The trained weights by their stable names, also while the models have the average. */
export function trainedWeights(core: TrainerCore): Map<string, Tensor> {
  if (core.average) return core.average.trainedWeights();
  return new Map([...allWeights(core)].map(([name, weight]) => [name, weight.read()]));
}

/** Captures the average, where there is one. The caller disposes the tensors. */
export function captureAverage({ average }: TrainerCore): {
  tensors: NamedTensor[];
  average?: SavedAverage;
} {
  if (!average) return { tensors: [] };
  const { count, decay = null, inUse } = average;
  const { tensors = {} } = average.capture();
  return {
    tensors: Object.entries(tensors).map(([name, tensor]) => ({ name: `${prefix}${name}`, tensor })),
    average: { decay, count, inUse },
  };
}

/** Gives a loaded trainer its average, and its models that average where they had it. */
export function restoreAverage(
  core: TrainerCore,
  saved: SavedAverage | undefined,
  tensors: NamedTensorMap,
): void {
  if (saved === undefined) return;
  const { encoder, projectionHead } = core;
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  const { decay, count, inUse } = saved;
  let average: WeightAverage | undefined;
  try {
    average = new WeightAverage({ encoder, projectionHead }, decay === null ? {} : { decay });
    average.restore({
      tensors: Object.fromEntries(own.map(([name, tensor]) => [name.slice(prefix.length), tensor])),
      json: { count },
    });
    if (inUse) average.swap();
  } catch (cause) {
    average?.dispose();
    throw new CheckpointError(
      `SimCLR.load: the saved average of the weights does not fit the models. ${(cause as Error).message}`,
      { cause },
    );
  }
  core.average = average;
}
