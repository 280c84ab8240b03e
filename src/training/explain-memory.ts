import { BackendError } from '../errors/errors.js';
import { messageOf } from '../errors/is-error.js';

/** How backends and engines say that memory is full: ours on wasm, V8, WebGL, WebGPU, native TensorFlow. */
const full =
  /no room for|out of memory|allocation failed|\bOOM\b|resource[_ ]exhausted|texture size .* greater than/i;

/**
 * An error of a step that says how large the step was, where memory was full; any other as it is.
 *
 * @param pictures - Pictures of the step.
 * @param microBatchSize - Pictures that were on the device at a time, where not all of them.
 */
export function explainMemory(error: unknown, pictures: number, microBatchSize?: number): unknown {
  const message = messageOf(error);
  if (!full.test(message)) return error;
  const size = microBatchSize ?? pictures;
  const remedy =
    microBatchSize === undefined
      ? `set microBatchSize to a divisor of ${pictures}, such as ${Math.max(1, Math.floor(pictures / 4))}, which gives the gradients of the whole batch, or lower batchSize`
      : 'lower microBatchSize';
  return new BackendError(
    `SimCLR: memory is full in a step of ${pictures} pictures, ${size} at a time; ${remedy}. The backend said: ${message}`,
    { cause: error },
  );
}
