import type { layers } from '@tensorflow/tfjs-layers';
import { checkInteger } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import type { TrainerParts } from '../trainer.js';

type Layer = layers.Layer & { layers?: Layer[]; layer?: Layer; rate?: number };

/** A layer and what it is made of, where it is a model or a wrapper. */
function withParts(layer: Layer): Layer[] {
  const parts = [...(layer.layers ?? []), ...(layer.layer ? [layer.layer] : [])];
  return [layer, ...parts.flatMap(withParts)];
}

/**
 * Checks that a trainer can take batches in micro-batches.
 *
 * @param size - Pictures of a batch.
 * @param sizeName - What says so: the option's name, or that of the pictures.
 * @throws {@link InvalidOptionError} when `microBatchSize` is not an integer >= 1, larger than the batch or does not divide
 * it; when it is 1 and there is batch normalization; and when a layer draws at random, because each chunk goes through
 * the network twice.
 */
export function checkMicroBatch(
  caller: string,
  simclr: Pick<TrainerParts, 'encoder' | 'projectionHead'>,
  microBatchSize: number,
  size: number,
  sizeName: string,
): void {
  checkInteger(caller, 'microBatchSize', microBatchSize);
  const received = `Received: microBatchSize=${microBatchSize}, ${sizeName}=${size}.`;
  if (microBatchSize > size) {
    throw new InvalidOptionError(
      `${caller}: microBatchSize must not be larger than ${sizeName}. ${received}`,
    );
  }
  if (size % microBatchSize !== 0) {
    throw new InvalidOptionError(
      `${caller}: microBatchSize must divide ${sizeName}, so that all chunks count alike. ${received}`,
    );
  }
  if (microBatchSize === size) return;
  const all = [simclr.encoder, simclr.projectionHead].flatMap((model) => withParts(model as Layer));
  const named = (pattern: RegExp) => all.find((layer) => pattern.test(layer.getClassName()));
  const normalization = named(/BatchNormalization$/);
  if (microBatchSize === 1 && normalization) {
    throw new InvalidOptionError(
      `${caller}: microBatchSize must be at least 2 where there is batch normalization (${normalization.name}), which normalizes each chunk by itself. ${received}`,
    );
  }
  const random = all.find((layer) => /Dropout|Noise$|^Random/.test(layer.getClassName()) && layer.rate !== 0);
  if (random) {
    throw new InvalidOptionError(
      `${caller}: microBatchSize must be left out where a layer draws at random (${random.name}, a ${random.getClassName()}): each chunk goes through the network twice, and must come out the same. ${received}`,
    );
  }
}
