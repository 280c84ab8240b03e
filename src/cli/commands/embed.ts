import { Command } from 'commander';
import type { Execute } from '../context.js';
import {
  addBatchOption,
  addCommonOptions,
  addExamples,
  addIndexOptions,
  addModelOptions,
  addPlaceOption,
} from '../options.js';

/** `embed DIR|FILE`. */
export function embedCommand(execute: Execute): Command {
  const command = new Command('embed')
    .description('Write the vector of each picture to a file.')
    .argument('<path>', 'folder of pictures, or one picture')
    .option('--out <file>', 'vectors.npy, .safetensors, .parquet, .csv or .jsonl');
  addModelOptions(command);
  addPlaceOption(command, 'h');
  addIndexOptions(command);
  addBatchOption(command);
  addCommonOptions(command);
  addExamples(command, [
    ['simclr-ts embed photos --out vectors.npy', 'numpy.load("vectors.npy"); names in vectors.paths.json'],
    ['simclr-ts embed photos --out vectors.csv --model my-model', 'one line per picture: path, h0, h1, ...'],
    ['simclr-ts embed photos --out vectors.parquet', 'a table for DuckDB and pandas: path, vector'],
    ['simclr-ts embed cat.jpg --out cat.jsonl', 'a single picture'],
  ]);
  return command.action(execute(async () => (await import('../actions/vectors/embed.js')).embed));
}
