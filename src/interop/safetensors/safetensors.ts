import { type FileBytes, toBytes } from '../../data/formats/bytes.js';
import { checkKeys } from '../../errors/check-keys.js';
import { hasTag, receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError, ShapeError } from '../../errors/errors.js';
import { float32ToBfloat16, float32ToHalf } from './float-formats.js';
import { maxHeaderBytes, parseHeader, quoted } from './safetensors-header.js';
import {
  bytesPerValue,
  decodeValues,
  type SafetensorsType,
  type StateTensor,
  type StateTensorInput,
  typeNames,
  typeOfArray,
} from './tensor-types.js';

/** Contents of a safetensors file. */
export interface SafetensorsFile {
  /** Tensors by name, in the order of the header. */
  tensors: Map<string, StateTensor>;
  /** Strings under `__metadata__`; empty if there are none. */
  metadata: Record<string, string>;
}

/** Options of {@link writeSafetensors}. */
export interface WriteSafetensorsOptions {
  /** Strings to save with the tensors. */
  metadata?: Readonly<Record<string, string>>;
}

/** Tensors by name: a `Map` or an object. */
export type NamedTensors<T = StateTensor> = ReadonlyMap<string, T> | Readonly<Record<string, T>>;

/**
 * Reads a safetensors file.
 *
 * Types without a typed array in JavaScript (F16, BF16, F8_E4M3, F8_E5M2) become float32, which represents all their values
 * exactly. The others keep their type: F64 in a `Float64Array`, I64 and U64 in arrays of bigint, BOOL in a `Uint8Array` of 0
 * and 1.
 *
 * The whole file is validated: values start at the end of the header, are contiguous up to the end of the file, and match the
 * shapes.
 *
 * @param bytes - The whole file.
 * @returns Tensors and metadata. The arrays are views of `bytes` if type and alignment allow, to save memory: do not change
 * `bytes` afterwards.
 * @throws `DataError` when the file is damaged, hostile or has a type that is not listed in {@link SafetensorsType}.
 * @throws `InvalidOptionError` when `bytes` are not bytes.
 * @example
 * const { tensors } = readSafetensors(await (await fetch('resnet18.safetensors')).arrayBuffer());
 * @see https://github.com/huggingface/safetensors, "Format"
 */
export function readSafetensors(bytes: FileBytes): SafetensorsFile {
  const file = toBytes('readSafetensors', 'bytes', bytes);
  const { entries, metadata, dataStart } = parseHeader(file);
  const tensors = new Map<string, StateTensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    const values = file.subarray(dataStart + begin, dataStart + end);
    tensors.set(name, { dtype, shape, data: decodeValues(dtype, values) });
  }
  return { tensors, metadata };
}

/**
 * Writes a safetensors file. The same tensors give the same bytes.
 *
 * @param tensors - Tensors by name. A `Float32Array` is written as F32, or rounded to F16 or BF16 if its `dtype` says so.
 * @param options - See {@link WriteSafetensorsOptions}.
 * @returns The whole file.
 * @throws `ShapeError` when a shape does not match its number of values.
 * @throws `InvalidOptionError` when a name is reserved, a dtype does not fit its array, metadata are not strings, or the file
 * would exceed the maximum length of an array (4 GiB in Node 20).
 * @example
 * const file = writeSafetensors({ weight: { data: Float32Array.of(1, 2), shape: [2] } });
 */
export function writeSafetensors(
  tensors: NamedTensors<StateTensorInput>,
  options: WriteSafetensorsOptions = {},
): Uint8Array<ArrayBuffer> {
  const caller = 'writeSafetensors';
  checkKeys(caller, options, { metadata: 1 });
  const items = entriesOf(caller, tensors).map(([name, { data, shape, dtype }]) => {
    checkName(caller, name);
    const type = checkType(caller, name, { data, shape, ...(dtype !== undefined && { dtype }) });
    checkShape(caller, name, data?.length, shape);
    return { name, type, shape, data, valueBytes: bytesPerValue(type)! };
  });
  // Widest values first, so that each array starts at a multiple of its element size and readers need not copy it.
  const placed = [...items].sort((a, b) => b.valueBytes - a.valueBytes);
  const offsets = new Map<string, [number, number]>();
  let end = 0;
  for (const { name, data, valueBytes } of placed) {
    offsets.set(name, [end, end + data.length * valueBytes]);
    end += data.length * valueBytes;
  }
  const header = encodeHeader(caller, [
    ...metadataEntry(caller, options.metadata),
    ...items.map(({ name, type, shape }): [string, unknown] => [
      name,
      { dtype: type, shape, data_offsets: offsets.get(name) },
    ]),
  ]);
  const file = allocate(caller, 8 + header.length + end);
  new DataView(file.buffer).setUint32(0, header.length, true);
  file.set(header, 8);
  for (const { name, type, data } of placed) {
    const stored =
      type === 'F16'
        ? float32ToHalf(data as Float32Array)
        : type === 'BF16'
          ? float32ToBfloat16(data as Float32Array)
          : data;
    const bytes = new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
    file.set(bytes, 8 + header.length + offsets.get(name)![0]);
  }
  return file;
}

function allocate(caller: string, bytes: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    throw new InvalidOptionError(
      `${caller}: tensors must fit into one array of bytes; split them into several files. Received: tensors for a file of ${bytes} bytes (${(cause as Error).message}).`,
      { cause },
    );
  }
}

/** The entries of a `Map` or an object. */
export function entriesOf<T>(caller: string, tensors: NamedTensors<T>): [string, T][] {
  if (typeof tensors !== 'object' || tensors === null) {
    throw new InvalidOptionError(
      receivedMessage(caller, 'tensors must be a Map or an object', 'tensors', tensors),
    );
  }
  // Not instanceof, because a Map may come from another realm.
  const isMap = hasTag(tensors, 'Map');
  return isMap ? [...(tensors as ReadonlyMap<string, T>)] : Object.entries(tensors as Record<string, T>);
}

/** @throws `ShapeError` unless `shape` has `count` values. */
export function checkShape(
  caller: string,
  name: string,
  count: number | undefined,
  shape: readonly number[],
): void {
  const isShape = Array.isArray(shape) && shape.every((axis) => Number.isSafeInteger(axis) && axis >= 0);
  const size = isShape ? (shape as number[]).reduce((product, axis) => product * axis, 1) : Number.NaN;
  if (size !== count) {
    throw new ShapeError(
      `${caller}: ${quoted(name)} must have as many values as its shape says. Received: shape [${shape}], ${count ?? 'no'} values.`,
    );
  }
}

function checkName(caller: string, name: string): void {
  if (typeof name !== 'string' || name === '__metadata__' || name === '__proto__') {
    throw new InvalidOptionError(
      receivedMessage(
        caller,
        'a name must be a string other than "__metadata__" and "__proto__"',
        'name',
        name,
      ),
    );
  }
}

function checkType(caller: string, name: string, { data, dtype }: StateTensorInput): SafetensorsType {
  const own = typeOfArray(data);
  const choices = own === undefined ? [] : [own];
  if (own === 'F32') choices.push('F16', 'BF16');
  if (own === 'U8') choices.push('BOOL');
  if (own === undefined || (dtype !== undefined && !choices.includes(dtype))) {
    const allowed = choices.length > 0 ? choices : typeNames;
    throw new InvalidOptionError(
      `${caller}: ${quoted(name)} must be a typed array${own === undefined ? '' : `; this one can be written as ${allowed.join(', ')}`}. Received: dtype=${String(dtype)}, an array of ${own ?? 'another kind'}.`,
    );
  }
  return dtype ?? own;
}

function metadataEntry(
  caller: string,
  metadata: Readonly<Record<string, string>> | undefined,
): [string, unknown][] {
  if (metadata === undefined) return [];
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string' || key === '__proto__') {
      throw new InvalidOptionError(
        receivedMessage(caller, 'metadata must be an object of strings', `metadata.${key}`, value),
      );
    }
  }
  return [['__metadata__', metadata]];
}

/** The header as JSON, padded with spaces to a multiple of eight bytes. */
function encodeHeader(caller: string, entries: [string, unknown][]): Uint8Array {
  // Member by member, because an object would move numeric names to the front.
  const members = entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  const json = new TextEncoder().encode(`{${members.join(',')}}`);
  const length = Math.ceil(json.length / 8) * 8;
  if (length > maxHeaderBytes) {
    throw new InvalidOptionError(
      `${caller}: names, shapes and metadata must fit in ${maxHeaderBytes} bytes. Received: ${length}.`,
    );
  }
  const header = new Uint8Array(length).fill(0x20);
  header.set(json);
  return header;
}
