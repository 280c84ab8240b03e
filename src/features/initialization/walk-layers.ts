import { moments, type Tensor, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { type AnyLayer, type LayerCall, weightOf } from '../../models/layer-graph.js';

const normalizations = new Set(['SimCLRBatchNormalization', 'BatchNormalization']);

/** Whether a layer is a batch normalization. */
export function isNormalization(layer: AnyLayer): boolean {
  return normalizations.has(layer.getClassName());
}

/** Whether the running statistics become those of the pictures, or stay as they were. */
export type Statistics = 'kept' | 'ofPictures';

/** Runs a batch normalization by the statistics of `x`, as in training. */
function normalizedByBatch(
  layer: AnyLayer,
  x: Tensor,
  argument: Tensor | Tensor[],
  running: Statistics,
): Tensor {
  const mean = weightOf(layer, 'moving_mean');
  const variance = weightOf(layer, 'moving_variance');
  if (!mean || !variance || mean.shape[0] !== x.shape.at(-1)) return applied(layer, argument);
  return tidy(() => {
    const [oldMean, oldVariance] = [mean.read().clone(), variance.read().clone()];
    const axes = Array.from({ length: x.rank - 1 }, (_, axis) => axis);
    const statistics = moments(x, axes);
    mean.write(statistics.mean);
    variance.write(statistics.variance);
    try {
      return applied(layer, argument);
    } finally {
      if (running === 'kept') {
        mean.write(oldMean);
        variance.write(oldVariance);
      }
    }
  });
}

function applied(layer: AnyLayer, argument: Tensor | Tensor[]): Tensor {
  return tidy(() => (layer.apply(argument, { training: false }) as Tensor).clone());
}

/**
 * Runs layer calls one by one, as in training, and keeps no tensor longer than it is needed.
 *
 * @param images - As the encoder takes them. Not disposed.
 * @param before - Called before a layer runs, with what it is given; may change its weights.
 */
export async function walkLayers(
  calls: readonly LayerCall[],
  images: Tensor4D,
  before: (call: LayerCall, given: readonly Tensor[]) => Promise<void> | void,
  running: Statistics = 'kept',
): Promise<void> {
  const values = new Map<SymbolicTensor, Tensor>();
  const lastUse = new Map<SymbolicTensor, number>();
  for (const [index, { inputs }] of calls.entries()) for (const input of inputs) lastUse.set(input, index);
  try {
    for (const [index, call] of calls.entries()) {
      const { layer, inputs, output } = call;
      if (inputs.length === 0) {
        values.set(output, images.clone());
        continue;
      }
      const given = inputs.map((tensor) => values.get(tensor)!);
      await before(call, given);
      const argument = given.length > 1 ? given : given[0]!;
      const result = isNormalization(layer)
        ? normalizedByBatch(layer, given[0]!, argument, running)
        : applied(layer, argument);
      values.set(output, result);
      for (const tensor of new Set(inputs)) {
        if (lastUse.get(tensor) !== index) continue;
        values.get(tensor)!.dispose();
        values.delete(tensor);
      }
    }
  } finally {
    for (const value of values.values()) value.dispose();
  }
}
