import { Command, InvalidArgumentError } from 'commander';

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

function wholeNumber(minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < minimum) {
      throw new InvalidArgumentError(`It must be a whole number >= ${minimum}.`);
    }
    return value;
  };
}

/** Reads the flags; `--help` and mistakes end the process with a text. */
export function readOptions(argv: string[]): BenchOptions {
  const command = new Command('npm run bench --')
    .description('How fast the library is, as ratios against baselines measured in the same run.')
    .option('--only <names>', 'these rows, with commas between; kernel-* for all that begin so')
    .option('--json <file>', 'writes the results')
    .option('--list', 'prints the names of the rows and measures nothing', false)
    .option('--rounds <n>', 'turns of each side that count', wholeNumber(1), 7)
    .option('--warmups <n>', 'turns before that', wholeNumber(1), 2)
    .option('--batch <n>', 'pictures of a step, two views each', wholeNumber(2), 32)
    .option(
      '--stock-batch <n>',
      'pictures of a step on the stock backend (default: at most 8)',
      wholeNumber(2),
    )
    .option(
      '--threads <n>',
      'threads of both sides, where the name of the row does not say',
      wholeNumber(1),
      2,
    );
  command.parse(argv);
  const { stockBatch, ...options } = command.opts<BenchOptions>();
  return { ...options, stockBatch: stockBatch ?? Math.min(8, options.batch) };
}
