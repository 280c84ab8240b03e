import { CommandError, exitCodes } from '../../exit-codes.js';
import type { VectorPlace } from './model-vectors.js';

/** The bytes of texts, padded with spaces to a length. */
function padded(head: Uint8Array, text: string, end: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(0x20);
  bytes.set(head);
  bytes.set(new TextEncoder().encode(text), head.length);
  bytes.set(new TextEncoder().encode(end), length - end.length);
  return bytes;
}

/**
 * The header of a float32 matrix in numpy's format, version 1.0.
 *
 * @param atLeast - Smallest length in bytes.
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function npyHeader(rows: number, dim: number, atLeast = 0): Uint8Array {
  const description = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${dim}), }`;
  const prefix = 10; // magic, version, length of what follows
  const bytes = Math.max(atLeast, Math.ceil((prefix + description.length + 1) / 64) * 64);
  const length = bytes - prefix;
  const head = [0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, length & 0xff, length >> 8];
  return padded(Uint8Array.from(head), description, '\n', bytes);
}

/** Longest header that the format's reference implementation reads. */
const maxHeaderBytes = 100_000_000;

/**
 * The header of a safetensors file with one float32 tensor, `vectors`. Its metadata hold the names of the rows as a JSON
 * list.
 *
 * @param atLeast - Smallest length in bytes. The format allows spaces after its JSON.
 * @throws {@link CommandError} when the names are longer than a header may be.
 * @see https://github.com/huggingface/safetensors, "Format"
 */
export function safetensorsHeader(paths: readonly string[], dim: number, atLeast = 0): Uint8Array {
  // Name by name, because all together may exceed the longest possible string.
  let nameBytes = 1000; // what stands around the names, generously
  for (const path of paths) nameBytes += Buffer.byteLength(JSON.stringify(JSON.stringify(path)));
  if (nameBytes > maxHeaderBytes) {
    throw new CommandError(
      `The header of a .safetensors file holds at most ${maxHeaderBytes} bytes, and the names of ${paths.length} pictures ` +
        `take ${nameBytes}. Write .npy, .csv or .jsonl.`,
      exitCodes.usage,
    );
  }
  const json = JSON.stringify({
    __metadata__: { paths: JSON.stringify(paths) },
    vectors: { dtype: 'F32', shape: [paths.length, dim], data_offsets: [0, 4 * paths.length * dim] },
  });
  const prefix = 8; // length of what follows
  const bytes = Math.max(atLeast, prefix + Math.ceil(Buffer.byteLength(json) / 8) * 8);
  const head = new Uint8Array(prefix);
  new DataView(head.buffer).setUint32(0, bytes - prefix, true);
  return padded(head, json, '', bytes);
}

/** The shortest decimal that reads as the same float32. */
function shortNumber(value: number): number {
  return Number(value.toPrecision(9));
}

/** A field of a table: in quotes where it needs them (RFC 4180). */
export function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/** The line of names above a table: path, h0, h1, ... or r0, r1, ... at the read-out (RFC 4180, except for the line ends). */
export function csvHead({ at = 'h', dim }: { at?: VectorPlace; dim: number }): string {
  const letter = at === 'h' ? 'h' : 'r';
  return `${['path', ...Array.from({ length: dim }, (_, column) => `${letter}${column}`)].join(',')}\n`;
}

/** A vector as a line of a table. */
export function csvRow(path: string, vector: Float32Array): string {
  return `${[quoted(path), ...Array.from(vector, shortNumber)].join(',')}\n`;
}

/** A vector as one line of JSON: { "path": ..., "vector": [...] }. */
export function jsonRow(path: string, vector: Float32Array): string {
  return `${JSON.stringify({ path, vector: Array.from(vector, shortNumber) })}\n`;
}
