import { Command } from 'commander';
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

/** `train DIR`. */
export function trainCommand(execute: Execute): Command {
  const command = new Command('train')
    .description('Train an encoder on a folder of pictures, without labels.')
    .argument('<dir>', 'folder of pictures; folders inside are read too')
    .option('--out <dir>', 'folder of the model and its checkpoints', defaultModel)
    .addOption(
      choice('--recipe <name>', 'how the field trains, to begin with (docs/recipes.md)', [
        'seed',
        'paper-imagenet',
        'google-cifar10',
        'lightly-cifar10',
        'lightly-imagenette',
        'solo-cifar10',
        'spijkervet-stl10',
        'sthalles-stl10',
      ]),
    )
    .option('--epochs <n>', 'passes over the pictures, in all (default: 100)', integer(1))
    .option('--minutes <m>', 'end after this time, whatever is left (default: no limit)', numberBetween(0))
    .option('--batch-size <n>', 'pictures per step (default: 64)', integer(2))
    .option('--micro-batch-size <n>', 'pictures on the device at a time (default: all)', integer(2))
    .option('--size <pixels>', 'side of the square crops that the encoder sees (default: 96)', integer(8))
    .addOption(
      choice('--architecture <name>', 'the encoder (default: resnet18)', [
        'resnet18',
        'resnet34',
        'resnet50',
      ]),
    )
    .option('--width <channels>', 'channels of its first stage (default: 64)', integer(1))
    .addOption(
      choice('--stem <kind>', 'how it begins (default: small below 64 pixels)', ['imagenet', 'small']),
    )
    .option('--temperature <t>', 'temperature of the loss (default: 0.5)', numberBetween(0))
    .option('--learning-rate <rate>', "the optimizer's rate, Adam's (default: 3e-4)", numberBetween(0))
    .option(
      '--warmup-epochs <n>',
      'epochs in which the rate rises, where the recipe has a warm-up',
      numberFrom(0),
    )
    .option('--strength <s>', 'strength of the color changes (default: 1)', numberFrom(0, 2.5))
    .option('--no-blur', 'views are not blurred')
    .option('--seed <n>', 'seed of weights, order and views (default: 0)', seed)
    .option('--limit <n>', 'at most this many pictures, evenly spread over the folder', integer(2))
    .option('--checkpoint-every <steps>', 'steps between checkpoints within an epoch', integer(1), 200)
    .option('--keep <n>', 'checkpoints that are kept, the newest', integer(1), 2)
    .option('--cache-mb <n>', 'memory for decoded pictures, in megabytes', integer(1), 1024)
    .option('--resume', 'continue with the run in --out')
    .option('--overwrite', 'replace the model in --out');
  addBackendOption(command);
  addCommonOptions(command);
  addExamples(command, [
    ['simclr-ts train photos', 'train on all pictures in photos; Ctrl-C keeps what was learned'],
    ['simclr-ts train photos --resume', 'continue where it was interrupted'],
    ['simclr-ts train photos --resume --epochs 200', 'train longer'],
    ['simclr-ts train icons --size 32 --no-blur --strength 0.5 --out icon-model', 'small pictures'],
    ['simclr-ts train photos --recipe google-cifar10 --epochs 20 --warmup-epochs 1', 'a short warm-up'],
    [
      'simclr-ts train photos --recipe lightly-cifar10 --epochs 50',
      "a recipe's settings, but for the epochs",
    ],
    ['simclr-ts train photos --config train.json --json > result.json', 'from a script'],
  ]);
  return command.action(execute(async () => (await import('../actions/training/train.js')).train));
}
