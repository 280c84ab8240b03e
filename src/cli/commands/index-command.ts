import { Command, InvalidArgumentError } from 'commander';
import type { Execute } from '../context.js';
import {
  addBatchOption,
  addCommonOptions,
  addExamples,
  addModelOptions,
  addPlaceOption,
} from '../options.js';

/** Reads a part such as 2/4, counted from 1. */
function shard(text: string): { index: number; count: number } {
  const [, part, count] = /^(\d+)\/(\d+)$/.exec(text)?.map(Number) ?? [];
  if (part === undefined || count === undefined || part < 1 || part > count) {
    throw new InvalidArgumentError('It must be a part and their number, from 1/N to N/N.');
  }
  return { index: part - 1, count };
}

/** `index DIR`. */
export function indexCommand(execute: Execute): Command {
  const command = new Command('index')
    .description(
      'Embed the pictures of a folder once, and keep the vectors for the commands that compare pictures: search, duplicates, stacks, map, select, label, and embed.',
    )
    .argument('<dir>', 'folder of pictures')
    .option('--index <dir>', 'where to keep the index (default: .simclr-ts in DIR)')
    .option('--rebuild', 'make the index again, whatever is there')
    .option('--shard <i/n>', 'embed the i-th of n parts; the others may run at the same time', shard);
  addModelOptions(command);
  addPlaceOption(command, 'the read-out, if the model has one');
  addBatchOption(command);
  addCommonOptions(command);
  addExamples(command, [
    ['simclr-ts index photos', 'with the model in simclr-model, or with none if there is none'],
    ['simclr-ts index photos', 'later: embed what is new, drop what is gone'],
    ['simclr-ts index photos --model my-model --rebuild', 'with another model'],
    ['simclr-ts index photos --shard 1/4', 'a quarter; start 2/4 to 4/4 beside it'],
  ]);
  return command.action(
    execute(async () => (await import('../actions/vectors/index-command.js')).indexPictures),
  );
}
