import type { SchemaElement } from 'hyparquet';
import { parquetWriter } from '../../../node/picture-index/storage/parquet.js';
import type { NamedVectors, VectorFile, VectorSource } from './vector-source.js';

/** A list of float32 as Arrow and its readers write it: see "LIST" in the format's LogicalTypes. */
const schema: SchemaElement[] = [
  { name: 'schema', num_children: 2 },
  { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
  { name: 'vector', repetition_type: 'REQUIRED', converted_type: 'LIST', num_children: 1 },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
];

/** Rows per row group: of 512 numbers, 8 MiB. */
const groupRows = 4096;

/** Writes a table of `path` and `vector`, a list of float32, in row groups. Returns the number of rows. */
export async function writeParquet(file: VectorFile, { dim, chunks }: VectorSource): Promise<number> {
  const { ByteWriter, ParquetWriter } = await parquetWriter('embed');
  const writer = new ByteWriter();
  const flush = async () => {
    await file.appendFile(new Uint8Array(writer.buffer.slice(0, writer.index)));
    writer.index = 0;
  };
  const table = new ParquetWriter({
    writer: Object.assign(writer, { flush }),
    schema,
    codec: 'UNCOMPRESSED',
    statistics: false,
  });
  let paths: string[] = [];
  let vectors: number[][] = [];
  let rows = 0;
  const write = async () => {
    if (paths.length === 0) return;
    rows += paths.length;
    const columnData = [
      { name: 'path', data: paths, encoding: 'PLAIN' as const },
      { name: 'vector', data: vectors, encoding: 'PLAIN' as const },
    ];
    await table.write({ columnData, rowGroupSize: groupRows });
    [paths, vectors] = [[], []];
  };
  for await (const chunk of chunks as AsyncIterable<NamedVectors>) {
    for (const [row, path] of chunk.paths.entries()) {
      paths.push(path);
      vectors.push(Array.from(chunk.vectors.data.subarray(row * dim, (row + 1) * dim)));
      if (paths.length === groupRows) await write();
    }
  }
  await write();
  await table.finish();
  await flush();
  return rows;
}
