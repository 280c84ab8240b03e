import { receivedMessage } from '../../errors/checks.js';
import { DataError, InvalidOptionError } from '../../errors/errors.js';
import { isBytes } from '../image-array.js';

/** The bytes of a file, as from `fetch`, `File.arrayBuffer`, and `readFile`. */
export type FileBytes = ArrayBuffer | Uint8Array;

/** @throws {@link InvalidOptionError} unless `bytes` is an `ArrayBuffer` or a `Uint8Array`. */
export function toBytes(caller: string, argument: string, bytes: FileBytes): Uint8Array {
  // A plain view: methods of Node's Buffer differ (its `slice` does not copy).
  if (isBytes(bytes)) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = Object.prototype.toString.call(bytes);
  if (tag === '[object ArrayBuffer]' || tag === '[object SharedArrayBuffer]') return new Uint8Array(bytes);
  throw new InvalidOptionError(
    receivedMessage(caller, `${argument} must be an ArrayBuffer or a Uint8Array`, argument, bytes),
  );
}

/**
 * Counts the records of `recordBytes` bytes.
 *
 * @throws {@link DataError} when there is none, or the last one is cut off.
 */
export function countRecords(
  caller: string,
  argument: string,
  bytes: Uint8Array,
  recordBytes: number,
): number {
  if (bytes.length === 0 || bytes.length % recordBytes !== 0) {
    const rest = bytes.length % recordBytes;
    const came = rest === 0 ? 'an empty file' : `${bytes.length} bytes, ${rest} more than whole records`;
    throw new DataError(
      `${caller}: ${argument} must be records of ${recordBytes} bytes each, at least one. Received: ${came}.`,
    );
  }
  return bytes.length / recordBytes;
}

/** @throws {@link DataError} unless every label is from `first` to `last`. */
export function checkLabels(caller: string, labels: Uint8Array, first: number, last: number): void {
  const wrong = labels.findIndex((label) => label < first || label > last);
  if (wrong >= 0) {
    throw new DataError(
      `${caller}: labels must be from ${first} to ${last}; is this another format? Received: label ${labels[wrong]} for picture ${wrong}.`,
    );
  }
}

/** Concatenates pieces into new memory. */
export function concatenateBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
