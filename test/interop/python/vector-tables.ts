/**
 * `vectors.parquet` of the command line's `embed`, and a segment of an index, read by pandas, PyArrow and DuckDB.
 * `run.sh` calls it.
 */
import { readFileSync } from 'node:fs';
import { writeVectors } from '../../../src/cli/actions/vectors/vector-files.js';
import { addSegment } from '../../../src/node/picture-index/storage/segments.js';
import { hashedValues } from '../../helpers/hashed-values.js';
import { type Answer, file, folder, options, report, reportTrouble, runLane, runPython } from './lane.js';

/** More rows than a row group has. */
const [rows, dim] = [5000, 12];

async function main(): Promise<boolean> {
  if (!'parquet'.includes(options.only)) return true;
  const data = Float32Array.from(hashedValues('vectors', rows * dim));
  const paths = Array.from({ length: rows }, (_, row) => `ж/図 ${row}.jpg`);
  async function* chunks() {
    for (let start = 0; start < rows; start += 700) {
      const count = Math.min(700, rows - start);
      const vectors = {
        data: data.subarray(start * dim, (start + count) * dim),
        shape: [count, dim] as const,
      };
      yield { vectors, paths: paths.slice(start, start + count) };
    }
  }
  await writeVectors(file('vectors.parquet'), { paths, dim, chunks: chunks() });
  const files = paths.map((path, row) => {
    const hash = row.toString(16).padStart(64, '0');
    return { path, size: row, time: row + 0.5, hash, state: 'embedded' as const, reason: '' };
  });
  await addSegment('vector-tables', folder, files, data, dim);
  runPython('vector_tables.py');
  const answer = JSON.parse(readFileSync(file('answers.json'), 'utf8')) as Answer;
  const { pandas, duckdb, segment, ...trouble } = answer;
  let good = reportTrouble('parquet', trouble);
  for (const [name, found] of Object.entries({ pandas, duckdb, segment })) {
    if (found !== undefined) good = report('parquet', name, found as Record<string, number>, 1e-6) && good;
  }
  return good;
}

await runLane(main);
