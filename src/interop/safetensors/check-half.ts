import { ValueRangeError } from '../../errors/errors.js';
import { quoted } from './safetensors-header.js';

/** Rounding to half precision makes infinities of numbers from here on. */
const leastTooLarge = 65520;

/** @throws `ValueRangeError` when a value is too large for half precision. */
export function checkHalf(caller: string, name: string, values: Float32Array): void {
  const wrong = values.find((value) => Math.abs(value) >= leastTooLarge);
  if (wrong === undefined) return;
  throw new ValueRangeError(
    `${caller}: weights must be within 65504 for precision 'float16'. Received: ${wrong} in ${quoted(name)}.`,
  );
}
