import { isObject } from '../../errors/checks.js';
import { DataError } from '../../errors/errors.js';
import { messageOf } from '../../errors/is-error.js';
import { bytesPerValue, type SafetensorsType, typeNames } from './tensor-types.js';

/** Description of one tensor in the header. */
export interface HeaderEntry {
  name: string;
  dtype: SafetensorsType;
  shape: number[];
  /** Offset of the first byte from the end of the header. */
  begin: number;
  /** Offset of the byte after the last one. */
  end: number;
}

/** A valid header. */
export interface Header {
  entries: HeaderEntry[];
  metadata: Record<string, string>;
  /** Offset of the values in the file. */
  dataStart: number;
}

/** The limit of the reference implementation, so that a header cannot exhaust memory. */
export const maxHeaderBytes = 100_000_000;

const caller = 'readSafetensors';

/** @throws `DataError` when the header is invalid or does not match the file. */
export function parseHeader(file: Uint8Array): Header {
  if (file.length < 8) {
    throw new DataError(
      `${caller}: bytes must start with the header's length in 8 bytes. Received: ${file.length} bytes.`,
    );
  }
  const view = new DataView(file.buffer, file.byteOffset, 8);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length > maxHeaderBytes) {
    throw new DataError(
      `${caller}: the header must not be longer than ${maxHeaderBytes} bytes; is this another format? Received: a header length of ${length} bytes.`,
    );
  }
  const dataStart = 8 + length;
  if (dataStart > file.length) {
    throw new DataError(
      `${caller}: the header must end within the file. Received: a header length of ${length} bytes in a file of ${file.length}.`,
    );
  }
  const { __metadata__: metadata, ...tensors } = parseJson(file.subarray(8, dataStart));
  const entries = Object.entries(tensors).map(([name, info]) => parseEntry(name, info));
  checkOffsets(entries, file.length - dataStart);
  return { entries, metadata: parseMetadata(metadata), dataStart };
}

function parseJson(bytes: Uint8Array): Record<string, unknown> {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (cause) {
    const reason = brief(messageOf(cause));
    throw new DataError(`${caller}: the header must be JSON in UTF-8. Received: ${reason}`, undefined, {
      cause,
    });
  }
  if (!isObject(header)) {
    throw new DataError(`${caller}: the header must be a JSON object. Received: ${kindOf(header)}.`);
  }
  checkKeys(text);
  return header;
}

/**
 * Refuses duplicate keys, of which `JSON.parse` silently keeps the last: other readers may keep the first.
 *
 * @param text - Valid JSON.
 */
function checkKeys(text: string): void {
  const open: Array<Set<string> | undefined> = []; // undefined for an array
  // Character by character, because a regular expression overflows the stack on megabytes of text.
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (character === '{') open.push(new Set());
    else if (character === '[') open.push(undefined);
    else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const start = i++;
      while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
      let next = i + 1;
      while (' \t\n\r'.includes(text[next] ?? '"')) next++;
      if (text[next] === ':')
        checkKey(JSON.parse(text.slice(start, i + 1)) as string, open[open.length - 1]!);
    }
  }
}

function checkKey(key: string, keys: Set<string>): void {
  if (key === '__proto__') {
    throw new DataError(`${caller}: no key of the header may be "__proto__". Received: such a key.`);
  }
  if (keys.has(key)) {
    throw new DataError(
      `${caller}: keys of the header must differ. Received: ${quoted(key)} more than once.`,
    );
  }
  keys.add(key);
}

function parseMetadata(metadata: unknown): Record<string, string> {
  if (metadata === undefined || metadata === null) return {};
  if (!isObject(metadata)) {
    throw new DataError(
      `${caller}: __metadata__ must be an object of strings. Received: ${kindOf(metadata)}.`,
    );
  }
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') {
      throw new DataError(
        `${caller}: __metadata__ must be an object of strings. Received: ${kindOf(value)} for ${quoted(key)}.`,
      );
    }
  }
  return metadata as Record<string, string>;
}

function parseEntry(name: string, info: unknown): HeaderEntry {
  const fail = (expectation: string, received: string): never => {
    throw new DataError(`${caller}: ${quoted(name)} ${expectation}. Received: ${received}.`);
  };
  if (!isObject(info)) return fail('must be described by an object', kindOf(info));
  const [dtype, shape, offsets] = ['dtype', 'shape', 'data_offsets'].map((key) =>
    Object.hasOwn(info, key) ? info[key] : undefined,
  );
  const valueBytes = typeof dtype === 'string' ? bytesPerValue(dtype) : undefined;
  if (valueBytes === undefined) {
    return fail(`must have one of the dtypes ${typeNames.join(', ')}`, `dtype ${kindOf(dtype)}`);
  }
  if (!Array.isArray(shape) || !shape.every(isCount)) {
    return fail('must have a shape of integers >= 0', `shape ${kindOf(shape)}`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    return fail('must have data_offsets of two integers >= 0', `data_offsets ${kindOf(offsets)}`);
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end) return fail('must begin before it ends', `data_offsets [${offsets}]`);
  let size = valueBytes;
  for (const axis of shape) size *= axis;
  if (size !== end - begin) {
    return fail(
      `must have as many bytes as its shape needs, ${size}`,
      `shape ${brief(`[${shape}]`)}, dtype ${dtype}, data_offsets [${offsets}], ${end - begin} bytes`,
    );
  }
  return { name, dtype: dtype as SafetensorsType, shape, begin, end };
}

/** Checks that values cover the rest of the file, each byte once, without overlaps and holes. */
function checkOffsets(entries: readonly HeaderEntry[], dataBytes: number): void {
  const sorted = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let reached = 0;
  for (const { name, begin, end } of sorted) {
    if (begin !== reached) {
      const what = begin < reached ? 'overlaps another tensor' : 'leaves a hole before it';
      throw new DataError(
        `${caller}: tensors must be contiguous. Received: ${quoted(name)} at data_offsets [${begin}, ${end}], which ${what} (byte ${reached} comes next).`,
      );
    }
    reached = end;
  }
  if (reached !== dataBytes) {
    const fault = reached > dataBytes ? 'is cut off, or its header declares too much' : 'has bytes left over';
    throw new DataError(
      `${caller}: tensors must fill the file to its end: it ${fault}. Received: ${dataBytes} bytes of values for tensors of ${reached}.`,
    );
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** A short description of a value. A hostile one may be megabytes long or nested a million levels deep. */
function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) {
    const isShallow = value.length <= 8 && value.every((item) => typeof item !== 'object' || item === null);
    return isShallow ? brief(JSON.stringify(value)) : `an array of ${value.length}`;
  }
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

/** Quotes and shortens a name for messages. */
export function quoted(name: string): string {
  return JSON.stringify(brief(name));
}

function brief(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
