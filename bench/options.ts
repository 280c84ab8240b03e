import { Command } from 'commander';
import { integer } from '../src/cli/options.js';

/** What the command line says. */
export interface BenchOptions {
  only: string | undefined;
  json: string | undefined;
  list: boolean;
  rounds: number;
  warmups: number;
  batch: number;
  stockBatch: number;
  threads: number;
}

/** Reads the flags; `--help` and mistakes end the process with a text. */
export function readOptions(argv: string[]): BenchOptions {
  const command = new Command('npm run bench --')
    .description('How fast the library is, as ratios against baselines measured in the same run.')
    .option('--only <names>', 'these rows, with commas between; kernel-* for all that begin so')
    .option('--json <file>', 'writes the results')
    .option('--list', 'prints the names of the rows and measures nothing', false)
    .option('--rounds <n>', 'turns of each side that count', integer(1), 7)
    .option('--warmups <n>', 'turns before that', integer(1), 2)
    .option('--batch <n>', 'pictures of a step, two views each', integer(2), 32)
    .option('--stock-batch <n>', 'pictures of a step on the stock backend (default: at most 8)', integer(2))
    .option('--threads <n>', 'threads of both sides, where the name of the row does not say', integer(1), 2);
  command.parse(argv);
  const { stockBatch, ...options } = command.opts<BenchOptions>();
  return { ...options, stockBatch: stockBatch ?? Math.min(8, options.batch) };
}
