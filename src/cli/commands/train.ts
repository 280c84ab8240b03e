import { Command, Option } from 'commander';
import type { LossName } from 'simclr-ts/losses';
import type { RecipeName } from 'simclr-ts/recipes';
import type { Execute } from '../context.js';
import {
  addBackendOption,
  addCommonOptions,
  addExamples,
  choice,
  defaultModel,
  integer,
  numberBetween,
  numberFrom,
  seed,
} from '../options.js';

const recipeNames: readonly RecipeName[] = [
  'basic',
  'minutes',
  'paper-imagenet',
  'google-cifar10',
  'lightly-cifar10',
  'lightly-imagenette',
  'solo-cifar10',
  'spijkervet-stl10',
  'sthalles-stl10',
];

/** Losses that need neither labels nor a queue. */
const lossNames: readonly LossName[] = ['ntXent', 'dcl', 'dclw', 'vicReg', 'barlowTwins'];

const architectures = ['resnet18', 'resnet34', 'resnet50', 'mobileNetV2'];

/** `train SOURCE`. */
export function trainCommand(execute: Execute): Command {
  const command = new Command('train')
    .description('Train an encoder on pictures, without labels.')
    .argument(
      '<source>',
      'folder of pictures, folder of the files of CIFAR, STL-10 or MNIST, or cifar10 to download it',
    )
    .optionsGroup('Run:')
    .option('--out <dir>', 'folder of the model and its checkpoints', defaultModel)
    .option('--epochs <n>', 'passes over the pictures in total (default: 100)', integer(1))
    .option('--minutes <m>', 'stop after this time (default: no limit)', numberBetween(0))
    .option('--limit <n>', 'train on at most this many pictures', integer(2))
    .option('--seed <n>', 'seed of weights, order and views (default: 0)', seed)
    .option('--from <path>', 'start from weights: a model folder, or a .safetensors file')
    .option('--resume', 'continue the run in --out')
    .option('--overwrite', 'replace the model in --out')
    .option('--checkpoint-every <steps>', 'steps between checkpoints', integer(1), 200)
    .option(
      '--keep <n>',
      'checkpoints to keep, the newest; at the end one stays unless you say so',
      integer(1),
      2,
    )
    .option('--cache-mb <n>', 'memory for decoded pictures, in megabytes', integer(1), 1024)
    .option('--watch', 'write a line per minute where there is no terminal, for log files')
    .optionsGroup('Method:')
    .addOption(choice('--recipe <name>', 'settings to start from (docs/recipes.md)', recipeNames))
    .addOption(choice('--architecture <name>', 'encoder (default: resnet18)', architectures))
    .option('--size <pixels>', "side of the encoder's input (default: 96, or the data set's)", integer(8))
    .option('--width <channels>', 'channels of the first stage of a ResNet (default: 64)', integer(1))
    .addOption(
      choice('--stem <kind>', 'its first layers (default: small below 64 pixels)', ['imagenet', 'small']),
    )
    .option('--batch-size <n>', 'pictures per step (default: 64)', integer(2))
    .option('--micro-batch-size <n>', 'pictures on the device at a time (default: all)', integer(2))
    .addOption(choice('--loss <name>', 'loss (default: ntXent)', lossNames))
    .option('--temperature <t>', 'temperature of the loss (default: 0.5)', numberBetween(0))
    .addOption(choice('--optimizer <name>', 'optimizer (default: adamW)', ['adamW', 'sgd', 'lars']))
    .option('--learning-rate <rate>', 'learning rate, or its peak (default: 3e-4)', numberBetween(0))
    .addOption(
      choice('--schedule <name>', 'learning rate over the run (default: constant)', ['constant', 'cosine']),
    )
    .option('--warmup-epochs <n>', 'epochs of warm-up of a cosine', numberFrom(0))
    .option('--strength <s>', 'strength of the color distortion (default: 1)', numberFrom(0, 2.5))
    .option(
      '--crop-from <share>',
      'area of the smallest crop, of the picture (default: 0.08)',
      numberBetween(0, 1),
    )
    .option('--no-flip', 'do not mirror views: for text, maps, and other things that have a left and a right')
    .option('--no-blur', 'do not blur views')
    .option('--no-readout', 'fit no read-out, which search and duplicates use, after training')
    .optionsGroup('Report:')
    .option(
      '--report <file>',
      'write an HTML page: views, loss, map, neighbors, accuracies if there are labels',
    )
    .option('--log-dir <dir>', 'write event files for TensorBoard: loss, learning rate, views, embeddings')
    .option('--test <dir>', 'class folders of test pictures; SOURCE then has the same class folders')
    .option(
      '--val <dir>',
      'class folders of pictures to measure while training; SOURCE then has the same class folders',
    )
    .option('--references <n>', 'labeled pictures that classifiers learn from', integer(2), 10_000)
    .option('--test-images <n>', 'test pictures', integer(1), 10_000)
    .option('--label-efficiency', 'add accuracy against labels per class to the page; takes long')
    .option('--scratch-steps <n>', 'steps of each network trained for it', integer(1), 60)
    .optionsGroup('General:')
    .addHelpOption(new Option('-h, --help', 'display this help').helpGroup('General:'));
  addBackendOption(command);
  addCommonOptions(command);
  addExamples(command, [
    ['simclr-ts train photos', 'train on all pictures in photos; Ctrl-C keeps what was learned'],
    ['simclr-ts train photos --resume', 'continue where it was interrupted'],
    [
      'simclr-ts train photos --from resnet18.safetensors',
      "start from torchvision's or another model's weights",
    ],
    ['simclr-ts train photos --resume --epochs 200', 'train longer'],
    [
      'simclr-ts train cifar10 --recipe minutes --minutes 8 --report report.html',
      'download CIFAR-10, train for eight minutes, measure before and after',
    ],
    ['simclr-ts train stl10_binary --recipe spijkervet-stl10', 'train on STL-10 as another library does'],
    ['simclr-ts train animals/train --test animals/test --report report.html', 'measure on your own labels'],
    ['simclr-ts train icons --size 32 --no-blur --strength 0.5 --out icon-model', 'small pictures'],
    ['simclr-ts train photos --config train.json --json > result.json', 'from a script'],
    ['nohup simclr-ts train photos --minutes 600 --watch > log.txt 2>&1 &', 'a long run with a log'],
  ]);
  return command.action(execute(async () => (await import('../actions/training/train.js')).train));
}
