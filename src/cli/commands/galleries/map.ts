import { Command } from 'commander';
import type { Execute } from '../../context.js';
import { addExamples, addFolderOptions, integer, seed } from '../../options.js';

/** `map DIR`. */
export function mapCommand(execute: Execute): Command {
  const command = new Command('map')
    .description(
      'Write a page with a map of a folder: similar pictures side by side, to pan and zoom, offline.',
    )
    .argument('<dir>', 'folder of pictures')
    .option('--out <file>', 'the page', 'map.html')
    .option('--open', 'open it in a browser')
    .option(
      '--clusters <k>',
      'groups to name by their most typical pictures (default: by the number of pictures)',
      integer(1),
    )
    .option('--limit <n>', 'at most so many pictures, evenly spread', integer(4), 10_000)
    .option('--seed <n>', 'seed of the layout', seed, 0);
  addFolderOptions(command);
  addExamples(command, [
    ['simclr-ts map photos --open', 'map.html, opened in a browser'],
    ['simclr-ts map photos --out photos.html --clusters 12', 'in a dozen groups'],
  ]);
  return command.action(execute(async () => (await import('../../actions/stacks/map.js')).map));
}
