import { Command, InvalidArgumentError } from 'commander';

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

function number(minimum: number, whole = true): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= minimum) || (whole && !Number.isInteger(value))) {
      throw new InvalidArgumentError(`It must be a ${whole ? 'whole ' : ''}number >= ${minimum}.`);
    }
    return value;
  };
}

/** Reads the flags; `--help` and mistakes end the process with a text. */
export function readOptions(argv: string[]): RunOptions {
  const command = new Command('npm start --')
    .description('Train SimCLR on CIFAR-10 without labels, and see what its representations are worth.')
    .option('--images <n>', 'unlabelled training pictures, of 50,000', number(2), 50_000)
    .option('--epochs <n>', 'passes over them (default: as many as the minutes allow)', number(1))
    .option('--minutes <m>', 'training time; download and evaluation come on top', number(0.05, false), 8.5)
    .option('--batch-size <n>', 'pictures a step', number(2), 256)
    .option('--seed <n>', 'seed of weights, order and views', number(0), 0)
    .option('--out <dir>', 'folder of the results', 'runs/cifar10')
    .option('--backend <name>', 'tfjs-node-gpu, webgpu, tfjs-node, wasm or cpu (default: the fastest here)')
    .option('--references <n>', 'labelled pictures that kNN and linear probe learn from', number(50), 10_000)
    .option('--test-images <n>', 'test pictures, of 10,000', number(10), 10_000)
    .option(
      '--scratch-steps <n>',
      'steps of each network that is trained from scratch for the label-efficiency curve; 0: no curve',
      number(0),
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
