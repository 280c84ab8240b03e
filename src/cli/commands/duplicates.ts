import { Command } from 'commander';
import type { Execute } from '../context.js';
import {
  addBatchOption,
  addCommonOptions,
  addExamples,
  addIndexOptions,
  addModelOptions,
  addPlaceOption,
  similarity,
} from '../options.js';

/** `duplicates DIR`. */
export function duplicatesCommand(execute: Execute): Command {
  const command = new Command('duplicates')
    .description('Find pictures that are the same file twice, or look the same. Nothing is deleted.')
    .argument('<dir>', 'folder of pictures')
    .option(
      '--threshold <s>',
      'smallest cosine similarity of pictures that look the same (default: 0.98 for h; 0.85 at a read-out of 192 dimensions or more)',
      similarity,
    )
    .option('--exact', 'equal files only, which needs no model');
  addModelOptions(command);
  addPlaceOption(command, 'the read-out, if the model has one');
  addIndexOptions(command);
  addBatchOption(command);
  addCommonOptions(command);
  addExamples(command, [
    ['simclr-ts duplicates photos', 'groups of equal and of similar pictures'],
    ['simclr-ts duplicates photos --threshold 0.995', 'only what is very close'],
    ['simclr-ts duplicates photos --exact --json', 'equal files, for a script'],
  ]);
  return command.action(execute(async () => (await import('../actions/vectors/duplicates.js')).duplicates));
}
