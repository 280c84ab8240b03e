import { constants } from 'node:buffer';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { readSafetensors } from 'simclr-ts/interop';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type NamedVectors,
  type VectorFile,
  writeLines,
  writeMatrix,
  writeVectors,
} from '../../src/cli/actions/vectors/vector-files.js';
import { csvRow, jsonRow, npyHeader } from '../../src/cli/actions/vectors/vector-formats.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'simclr-ts-vectors-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const dim = 3;
const nameOf = (row: number) => `photos/${row}.png`;
const numberAt = (row: number, column: number) => row + column / 10;

/** Rows `0 ... count - 1`, so many at a time. */
async function* chunksOf(count: number, size: number, name = nameOf): AsyncGenerator<NamedVectors> {
  for (let start = 0; start < count; start += size) {
    const rows = Array.from({ length: Math.min(size, count - start) }, (_, i) => start + i);
    const data = Float32Array.from(rows.flatMap((row) => [0, 1, 2].map((column) => numberAt(row, column))));
    yield { vectors: { data, shape: [rows.length, dim] }, paths: rows.map(name) };
  }
}

/** A file that keeps nothing but counts. */
function countingFile(): VectorFile & { total: number; largest: number } {
  const count = (length: number) => {
    file.total += length;
    file.largest = Math.max(file.largest, length);
  };
  const file = {
    total: 0,
    largest: 0,
    appendFile: async (data: string | Uint8Array) => count(data.length),
    write: async (data: Uint8Array, _: number, length: number) => ({ bytesWritten: length, buffer: data }),
  };
  return file as unknown as VectorFile & { total: number; largest: number };
}

describe('writeVectors', () => {
  const all = Array.from({ length: 1200 }, (_, row) => nameOf(row));
  // The last pictures are damaged: fewer rows, and a number of them with fewer digits, than room was left for.
  const source = () => ({ paths: all, dim, chunks: chunksOf(7, 3) });
  const expected = Float32Array.from({ length: 7 * dim }, (_, i) => numberAt(Math.floor(i / dim), i % dim));

  it('writes a table of lists of float32, in groups of rows', async () => {
    const path = join(folder, 'v.parquet');
    const paths = Array.from({ length: 5000 }, (_, row) => nameOf(row));
    const written = await writeVectors(path, { paths, dim, chunks: chunksOf(5000, 999) });
    expect(written).toEqual({ files: [path], rows: 5000 });
    const file = await asyncBufferFromFile(path);
    const { schema, row_groups: groups } = await parquetMetadataAsync(file);
    expect(groups.map(({ num_rows }) => Number(num_rows))).toEqual([4096, 904]);
    expect(schema.map(({ name, type, converted_type }) => [name, type ?? converted_type])).toEqual([
      ['schema', undefined],
      ['path', 'BYTE_ARRAY'],
      ['vector', 'LIST'],
      ['list', undefined],
      ['element', 'FLOAT'],
    ]);
    const table = await parquetReadObjects({ file });
    expect(table).toHaveLength(5000);
    for (const row of [0, 1, 998, 999, 4095, 4096, 4999]) {
      const vector = [0, 1, 2].map((column) => Math.fround(numberAt(row, column)));
      expect(table[row]).toEqual({ path: nameOf(row), vector });
    }
  });

  it('writes a matrix of numpy and its names, whatever is left out', async () => {
    const path = join(folder, 'v.npy');
    const names = join(folder, 'v.paths.json');
    expect(await writeVectors(path, source())).toEqual({ files: [path, names], rows: 7 });
    const bytes = readFileSync(path);
    const start = 10 + bytes.readUInt16LE(8);
    expect(start % 64).toBe(0);
    expect(bytes.subarray(0, 8)).toEqual(Buffer.from('\x93NUMPY\x01\x00', 'latin1'));
    expect(bytes.subarray(10, start).toString()).toMatch(
      /^\{'descr': '<f4', 'fortran_order': False, 'shape': \(7, 3\), \} *\n$/,
    );
    expect(new Float32Array(new Uint8Array(bytes.subarray(start)).buffer)).toEqual(expected);
    expect(readFileSync(names, 'utf8')).toBe(`${JSON.stringify(all.slice(0, 7), null, 2)}\n`);
  });

  it('writes safetensors with the names in its metadata', async () => {
    const path = join(folder, 'v.safetensors');
    expect(await writeVectors(path, source())).toEqual({ files: [path], rows: 7 });
    const { tensors, metadata } = readSafetensors(readFileSync(path));
    expect(tensors.get('vectors')).toEqual({ dtype: 'F32', shape: [7, dim], data: expected });
    expect(JSON.parse(metadata.paths!)).toEqual(all.slice(0, 7));
  });

  it('writes lines', async () => {
    const path = join(folder, 'v.jsonl');
    expect(await writeVectors(path, source())).toEqual({ files: [path], rows: 7 });
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(7);
    const { path: name, vector } = JSON.parse(lines[1]!);
    expect(name).toBe('photos/1.png');
    expect(vector.map(Math.fround)).toEqual(Array.from(expected.subarray(dim, 2 * dim)));
    await writeVectors(join(folder, 'v.csv'), source());
    expect(readFileSync(join(folder, 'v.csv'), 'utf8')).toMatch(/^path,h0,h1,h2\nphotos\/0\.png,0,/);
  });

  it.each(['.npy', '.safetensors', '.parquet', '.csv', '.jsonl'])(
    'leaves what was there when %s ends half-way',
    async (end) => {
      const inside = mkdtempSync(join(folder, 'half-'));
      const path = join(inside, `v${end}`);
      writeFileSync(path, 'before');
      async function* breaking() {
        yield* chunksOf(6, 3);
        throw new Error('no power');
      }
      await expect(writeVectors(path, { paths: all, dim, chunks: breaking() })).rejects.toThrow('no power');
      expect(readdirSync(inside)).toEqual([`v${end}`]);
      expect(readFileSync(path, 'utf8')).toBe('before');
    },
  );

  it('refuses names that no safetensors header holds, before any vector is made', async () => {
    const paths = new Array<string>(101).fill('x'.repeat(1e6));
    let asked = false;
    async function* chunks(): AsyncGenerator<NamedVectors> {
      asked = true;
      yield* chunksOf(1, 1);
    }
    await expect(
      writeVectors(join(folder, 'long.safetensors'), { paths, dim, chunks: chunks() }),
    ).rejects.toThrow(
      /holds at most 100000000 bytes, and the names of 101 pictures take 101\d+\. Write \.npy/,
    );
    expect(asked).toBe(false);
  });
});

describe('more than a text or a buffer can hold', () => {
  // Long names make it quick: 600 MB in 600 lines.
  const name = () => longName;
  const longName = 'x'.repeat(2 ** 20);
  const source = () => ({ paths: [], dim, chunks: chunksOf(600, 64, name) });

  it.each([
    ['CSV', csvRow],
    ['JSON lines', jsonRow],
  ])('is written line by line: %s', async (_, lineOf) => {
    const file = countingFile();
    expect(await writeLines(file, '', lineOf, source())).toBe(600);
    expect(file.total).toBeGreaterThan(constants.MAX_STRING_LENGTH);
    expect(file.largest).toBeLessThan(4 * 2 ** 20);
  });

  it('is written chunk by chunk as a matrix', async () => {
    const file = countingFile();
    const data = new Float32Array(2 ** 22);
    async function* chunks(): AsyncGenerator<NamedVectors> {
      for (let i = 0; i < 320; i++) yield { vectors: { data, shape: [2, 2 ** 21] }, paths: ['a', 'b'] };
    }
    const header = (kept: readonly string[], bytes: number) => npyHeader(kept.length, 2 ** 21, bytes);
    const paths = new Array<string>(640).fill('');
    expect(await writeMatrix(file, header, { paths, dim: 2 ** 21, chunks: chunks() })).toHaveLength(640);
    expect(file.total).toBeGreaterThan(5e9);
    expect(file.largest).toBe(data.byteLength);
  });
});
