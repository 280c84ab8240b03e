import { extname } from 'node:path';
import { noneName } from '../../../node/names/read-names.js';
import { parquetWriter } from '../../../node/picture-index/storage/parquet.js';
import { quoted } from '../vectors/vector-formats.js';
import { writeWhole } from '../write-file.js';
import type { LabeledFile } from './name-rows.js';

/** A file of names in the form that `--names` reads. */
function csvOf(files: readonly LabeledFile[]): string {
  const lines = files.map(({ path, name, confidence, source }) =>
    [quoted(path), quoted(name ?? noneName), confidence?.toFixed(4) ?? '', source].join(','),
  );
  return ['path,name,confidence,source', ...lines, ''].join('\n');
}

/** A table of path, name, confidence and source; name and confidence are null where there is none. */
async function parquetOf(files: readonly LabeledFile[]): Promise<Uint8Array> {
  const { ByteWriter, parquetWrite } = await parquetWriter('label');
  const writer = new ByteWriter();
  const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const;
  await parquetWrite({
    writer,
    schema: [
      { name: 'root', num_children: 4 },
      { name: 'path', ...text, repetition_type: 'REQUIRED' },
      { name: 'name', ...text, repetition_type: 'OPTIONAL' },
      { name: 'confidence', type: 'DOUBLE', repetition_type: 'OPTIONAL' },
      { name: 'source', ...text, repetition_type: 'REQUIRED' },
    ],
    codec: 'UNCOMPRESSED',
    columnData: (['path', 'name', 'confidence', 'source'] as const).map((name) => ({
      name,
      data: files.map((file) => file[name]),
    })),
  });
  return writer.getBytes();
}

/** Writes names in the format of the file's ending. */
export async function writeLabels(out: string, files: readonly LabeledFile[], json: object): Promise<void> {
  const writers: Record<string, () => string | Promise<Uint8Array>> = {
    '.csv': () => csvOf(files),
    '.json': () => `${JSON.stringify(json, null, 2)}\n`,
    '.parquet': () => parquetOf(files),
  };
  await writeWhole(out, await writers[extname(out)]!());
}
