import { Command, Option } from 'commander';
import { integer, numberFrom } from '../../src/cli/options.js';
import type { Budget } from './task.js';

/** Values of the flags. */
export interface ComparisonOptions {
  /** The plain recipe of recipe.ts, or the recipe `minutes`. */
  recipe: 'plain' | 'minutes';
  budget: Budget;
  seeds: number;
  threads: number;
  references: number;
  testImages: number;
  json: string | undefined;
}

/** Reads the flags; `--help` and errors print a message and end the process. */
export function readOptions(argv: string[]): ComparisonOptions {
  const command = new Command('npm run compare --')
    .description('Ours and PyTorch: the same recipe on the same pictures of CIFAR-10, evaluated alike.')
    .option('--minutes <m>', 'training time of each side and seed', numberFrom(0.01))
    .option('--pairs <p>', 'instead, pictures that each side sees per seed, two views each', integer(256))
    .option('--seeds <n>', 'runs of each side, with the seeds 0 to n - 1', integer(1), 1)
    .option('--threads <n>', 'threads of both sides', integer(1), 2)
    .option('--references <n>', 'labeled pictures that kNN and linear probe learn from', integer(50), 10_000)
    .option('--test-images <n>', 'test pictures, of 10,000', integer(10), 10_000)
    .addOption(
      new Option('--recipe <name>', "'minutes': that of npm start, with its initialization and read-out")
        .choices(['plain', 'minutes'])
        .default('plain'),
    )
    .option('--json <file>', 'writes the result; of the recipe minutes, adds to it')
    .addHelpText(
      'after',
      `
Examples:
  npm run compare -- --minutes 7 --json speed.json               compares after equal time
  npm run compare -- --pairs 51200 --seeds 3 --json parity.json  compares after equally many pictures
  npm run compare -- --recipe minutes --minutes 7 --json runs/curve.json
`,
    );
  command.parse(argv);
  const { minutes, pairs, ...options } = command.opts<
    ComparisonOptions & Record<'minutes' | 'pairs', number>
  >();
  if ((minutes === undefined) === (pairs === undefined)) {
    command.error('error: give one of --minutes and --pairs');
  }
  if (options.recipe === 'minutes' && (minutes === undefined || options.json === undefined)) {
    command.error('error: the recipe minutes needs --minutes and --json');
  }
  return { ...options, json: options.json, budget: pairs === undefined ? { minutes } : { pairs } };
}
