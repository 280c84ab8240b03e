import { Command, Option } from 'commander';
import type { Execute } from '../context.js';
import { addExamples, addFolderOptions, numberBetween, similarity } from '../options.js';

/** `duplicates DIR`. */
export function duplicatesCommand(execute: Execute): Command {
  const command = new Command('duplicates')
    .description('Find pictures that are the same file twice, or look the same. Nothing is deleted.')
    .argument('<dir>', 'folder of pictures')
    .option(
      '--threshold <s>',
      'smallest cosine similarity of plain vectors that are linked (default: found from the pictures, see --precision)',
      similarity,
    )
    .addOption(
      new Option('--precision <p>', 'without --threshold: share of the found pairs that have to be right')
        .argParser(numberBetween(0, 1))
        .default(0.99)
        .conflicts('threshold'),
    )
    .option('--exact', 'equal files only, which needs no model');
  addFolderOptions(command);
  addExamples(command, [
    ['simclr-ts duplicates photos', 'groups of equal and of similar pictures'],
    ['simclr-ts duplicates photos --threshold 0.995', 'only what is very close'],
    ['simclr-ts duplicates photos --exact --json', 'equal files, for a script'],
  ]);
  return command.action(execute(async () => (await import('../actions/vectors/duplicates.js')).duplicates));
}
