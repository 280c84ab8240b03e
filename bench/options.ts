import { Command } from 'commander';
import { integer } from '../src/cli/options.js';

/** Values of the flags. */
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

/** Reads the flags; `--help` and errors print a message and end the process. */
export function readOptions(argv: string[]): BenchOptions {
  const command = new Command('npm run bench --')
    .description('How fast the library is, as ratios against baselines measured in the same run.')
    .option('--only <names>', 'rows to measure, separated by commas; kernel-* for all that begin with it')
    .option('--json <file>', 'writes the results')
    .option('--list', 'prints the names of the rows and measures nothing', false)
    .option('--rounds <n>', 'measured turns of each side', integer(1), 7)
    .option('--warmups <n>', 'unmeasured turns before them', integer(1), 2)
    .option('--batch <n>', 'pictures per step, two views each', integer(2), 32)
    .option('--stock-batch <n>', 'pictures per step on the stock backend (default: at most 8)', integer(2))
    .option('--threads <n>', 'threads of both sides, unless the name of the row gives them', integer(1), 2);
  command.parse(argv);
  const { stockBatch, ...options } = command.opts<BenchOptions>();
  return { ...options, stockBatch: stockBatch ?? Math.min(8, options.batch) };
}
