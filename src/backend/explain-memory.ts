import { memoryFull } from '../errors/backend-failure.js';
import { BackendError } from '../errors/errors.js';
import { messageOf } from '../errors/is-error.js';

/**
 * An error of a step that says how large the step was, where memory was full; any other as it is.
 *
 * @param pictures - Pictures of the step.
 * @param microBatchSize - Pictures that were on the device at a time, where not all of them.
 * @param isPossible - Whether the trainer can process that many at a time.
 */
export function explainMemory(
  error: unknown,
  pictures: number,
  microBatchSize: number | undefined,
  isPossible: (microBatchSize: number) => boolean,
): unknown {
  const message = messageOf(error);
  if (!memoryFull.test(message)) return error;
  const size = microBatchSize ?? pictures;
  const smaller = smallerSize(pictures, size, isPossible);
  const less = 'lower batchSize, the size of the pictures or the width of the encoder';
  const remedy =
    smaller === undefined
      ? less
      : `set microBatchSize to a divisor of ${pictures}, such as ${smaller}, which gives the gradients of the whole batch, or ${less}`;
  return new BackendError(
    `SimCLR: memory is full in a step of ${pictures} pictures, ${size} at a time; ${remedy}. The backend said: ${message}`,
    { cause: error },
  );
}

/** The largest divisor that needs at most a quarter of the memory, or else the largest that needs less at all. */
function smallerSize(
  pictures: number,
  size: number,
  isPossible: (microBatchSize: number) => boolean,
): number | undefined {
  const sizes = Array.from({ length: size - 1 }, (_, i) => size - 1 - i);
  const possible = sizes.filter((divisor) => pictures % divisor === 0 && isPossible(divisor));
  return possible.find((divisor) => divisor <= size / 4) ?? possible[0];
}
