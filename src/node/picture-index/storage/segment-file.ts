import { createHash } from 'node:crypto';
import type { SchemaElement } from 'hyparquet';
import { hasTag } from '../../../errors/checks.js';
import { DataError } from '../../../errors/errors.js';
import { parquetReader, parquetWriter } from './parquet.js';

/** What an index knows of a file. */
export interface IndexedFile {
  /** Relative to the folder, with forward slashes. */
  path: string;
  /** Bytes. */
  size: number;
  /** Milliseconds since 1970: of the last change of the contents; of a picture without a vector, of its status. */
  time: number;
  /** SHA-256 of the contents, in hexadecimal; empty where they could not be read. */
  hash: string;
  /** Whether there is a vector, the file is not a picture that can be read, or it is no longer there. */
  state: 'embedded' | 'broken' | 'gone';
  /** Why a broken picture has no vector. */
  reason: string;
}

const hashBytes = 32;
const noHash = new Uint8Array(hashBytes);

function schemaOf(dim: number): SchemaElement[] {
  const required = { repetition_type: 'REQUIRED' } as const;
  const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8', ...required } as const;
  return [
    { name: 'root', num_children: 7 },
    { name: 'path', ...text },
    { name: 'size', type: 'INT64', ...required },
    { name: 'time', type: 'DOUBLE', ...required },
    { name: 'hash', type: 'FIXED_LEN_BYTE_ARRAY', type_length: hashBytes, ...required },
    { name: 'state', ...text },
    { name: 'reason', ...text },
    // Not a list: its levels would take a second to decode for each ten million numbers.
    { name: 'vector', type: 'FIXED_LEN_BYTE_ARRAY', type_length: 4 * dim, ...required },
  ];
}

/** A segment of an index as bytes of a Parquet file, and their SHA-256. */
export async function segmentBytes(
  caller: string,
  files: readonly IndexedFile[],
  vectors: Float32Array,
  dim: number,
): Promise<{ bytes: Uint8Array; sha256: string }> {
  const { ByteWriter, parquetWrite } = await parquetWriter(caller);
  const writer = new ByteWriter();
  const column = <T>(name: string, data: T[]) => ({ name, data, encoding: 'PLAIN' as const });
  const raw = new Uint8Array(vectors.buffer, vectors.byteOffset, vectors.byteLength);
  await parquetWrite({
    writer,
    schema: schemaOf(dim),
    codec: 'UNCOMPRESSED',
    statistics: false,
    rowGroupSize: Math.max(1, files.length),
    columnData: [
      column(
        'path',
        files.map(({ path }) => path),
      ),
      column(
        'size',
        files.map(({ size }) => BigInt(size)),
      ),
      column(
        'time',
        files.map(({ time }) => time),
      ),
      column(
        'hash',
        files.map(({ hash }) => (hash === '' ? noHash : new Uint8Array(Buffer.from(hash, 'hex')))),
      ),
      column(
        'state',
        files.map(({ state }) => state),
      ),
      column(
        'reason',
        files.map(({ reason }) => reason),
      ),
      column(
        'vector',
        files.map((_, row) => raw.subarray(4 * dim * row, 4 * dim * (row + 1))),
      ),
    ],
  });
  const bytes = writer.getBytes();
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** A file, or some memory, that is read in parts. */
export interface SegmentSource {
  byteLength: number;
  slice(start: number, end?: number): Promise<ArrayBuffer> | ArrayBuffer;
}

/** The error of a file of an index that does not hold what was written. */
export function damagedIndex(caller: string, path: string, what: string, cause?: unknown): DataError {
  return new DataError(
    `${caller}: the index must be whole; rebuild: true makes it from the pictures again. Received: path=${JSON.stringify(path)}, ${what}.`,
    path,
    { cause },
  );
}

async function readColumns(
  caller: string,
  path: string,
  file: SegmentSource,
  columns: string[],
  receive: (name: string, values: ArrayLike<unknown>, row: number) => void,
): Promise<number> {
  const { parquetMetadataAsync, parquetRead } = await parquetReader(caller);
  try {
    const metadata = await parquetMetadataAsync(file);
    await parquetRead({
      file,
      metadata,
      columns,
      utf8: false,
      onChunk: ({ columnName, columnData, rowStart }) => receive(columnName, columnData, rowStart),
    });
    return Number(metadata.num_rows);
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'syscall' in error) throw error;
    throw damagedIndex(caller, path, `which is not the Parquet file that was written`, error);
  }
}

const states = ['embedded', 'broken', 'gone'];

/** What a segment knows of files, without their vectors. */
export async function readFiles(caller: string, path: string, source: SegmentSource): Promise<IndexedFile[]> {
  const columns: Record<string, unknown[]> = {
    path: [],
    size: [],
    time: [],
    hash: [],
    state: [],
    reason: [],
  };
  const rows = await readColumns(caller, path, source, Object.keys(columns), (name, values, first) => {
    for (let i = 0; i < values.length; i++) columns[name]![first + i] = values[i];
  });
  return Array.from({ length: rows }, (_, row) => {
    const bytes = columns.hash![row] as Uint8Array;
    const state = columns.state![row] as IndexedFile['state'];
    if (!hasTag(bytes, 'Uint8Array') || !states.includes(state)) {
      throw damagedIndex(caller, path, 'which lacks what an index holds');
    }
    const hash = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
    return {
      path: columns.path![row] as string,
      size: Number(columns.size![row]),
      time: columns.time![row] as number,
      hash: /^0+$/.test(hash) ? '' : hash,
      state,
      reason: columns.reason![row] as string,
    };
  });
}

/** Hands over the vectors of a segment, row by row, as bytes that are valid during the call. */
export async function readVectors(
  caller: string,
  path: string,
  source: SegmentSource,
  receive: (row: number, bytes: Uint8Array) => void,
): Promise<void> {
  await readColumns(caller, path, source, ['vector'], (_, values, first) => {
    for (let i = 0; i < values.length; i++) receive(first + i, values[i] as Uint8Array);
  });
}
