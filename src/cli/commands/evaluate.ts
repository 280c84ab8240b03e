import { Command } from 'commander';
import type { Execute } from '../context.js';
import {
  addBatchOption,
  addCommonOptions,
  addExamples,
  addModelOptions,
  addPlaceOption,
  integer,
  numberBetween,
  seed,
} from '../options.js';

/** `evaluate DIR`. */
export function evaluateCommand(execute: Execute): Command {
  const command = new Command('evaluate')
    .description('Measure a model on pictures in class folders, and whether training helped.')
    .argument('<dir>', 'folder with a folder of pictures for each class: DIR/cat/1.jpg, DIR/dog/1.jpg')
    .option('--test <dir>', 'folder of test pictures with the same class folders (default: a part of DIR)')
    .option('--test-fraction <share>', 'part of each class that is held out', numberBetween(0, 1), 0.2)
    .option('--seed <n>', 'seed of the held-out part', seed, 0)
    .option('--no-baselines', 'do not compare with pixels and with the untrained network')
    .option('--neighbors <k>', 'neighbors that vote', integer(1), 20)
    .option('--report <file>', 'write an HTML page: accuracies, confusions, views, maps, neighbors, loss')
    .option('--label-efficiency', 'add accuracy against labels per class to the page; takes long')
    .option('--scratch-steps <n>', 'steps of each network trained for it', integer(1), 60);
  addPlaceOption(command, 'h, and the read-out beside it if the model has one');
  addModelOptions(command);
  addBatchOption(command);
  addCommonOptions(command);
  addExamples(command, [
    ['simclr-ts evaluate animals', 'accuracy on a fifth of the pictures, with 95 % intervals'],
    ['simclr-ts evaluate animals --report report.html', 'the same as a page to look at'],
    ['simclr-ts evaluate animals/train --test animals/test --json', 'a split of your own, for a script'],
  ]);
  return command.action(execute(async () => (await import('../actions/evaluation/evaluate.js')).evaluate));
}
