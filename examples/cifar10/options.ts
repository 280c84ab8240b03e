import { Command } from 'commander';
import { integer, numberFrom } from '../../src/cli/options.js';

/** What the command line says. */
export interface RunOptions {
  images: number;
  epochs: number | undefined;
  minutes: number;
  batchSize: number;
  seed: number;
  out: string;
  backend: string | undefined;
  references: number;
  testImages: number;
  scratchSteps: number;
}

/** Reads the flags; `--help` and mistakes end the process with a text. */
export function readOptions(argv: string[]): RunOptions {
  const command = new Command('npm start --')
    .description('Train SimCLR on CIFAR-10 without labels, and see what its representations are worth.')
    .option('--images <n>', 'unlabeled training pictures, of 50,000', integer(2), 50_000)
    .option('--epochs <n>', 'passes over them (default: as many as the minutes allow)', integer(1))
    .option('--minutes <m>', 'training time; download and evaluation come on top', numberFrom(0.05), 8.5)
    .option('--batch-size <n>', 'pictures per step', integer(2), 256)
    .option('--seed <n>', 'seed of weights, order and views', integer(0), 0)
    .option('--out <dir>', 'folder of the results', 'runs/cifar10')
    .option('--backend <name>', 'tfjs-node-gpu, webgpu, tfjs-node, wasm or cpu (default: the fastest here)')
    .option('--references <n>', 'labeled pictures that kNN and linear probe learn from', integer(50), 10_000)
    .option('--test-images <n>', 'test pictures, of 10,000', integer(10), 10_000)
    .option(
      '--scratch-steps <n>',
      'steps of each network that is trained from scratch for the label-efficiency curve; 0: no curve',
      integer(0),
      40,
    )
    .addHelpText(
      'after',
      `
Examples:
  npm start                                    eight and a half minutes of training, then the report
  npm start -- --minutes 30 --out runs/long    longer is better
  npm start -- --images 512 --epochs 2 --batch-size 32 --references 200 --test-images 200
`,
    );
  command.parse(argv);
  const options = command.opts<RunOptions>();
  // A number of epochs alone means those epochs, however long they take.
  const timed = options.epochs === undefined || command.getOptionValueSource('minutes') === 'cli';
  return { ...options, minutes: timed ? options.minutes : Number.POSITIVE_INFINITY };
}
