import { Command } from 'commander';
import type { Execute } from '../context.js';
import { addExamples, addFolderOptions, integer } from '../options.js';

/** `search IMAGE --in DIR`. */
export function searchCommand(execute: Execute): Command {
  const command = new Command('search')
    .description('Find the pictures of a folder that are most like one picture.')
    .argument('<image>', 'the picture to look for')
    .option('--in <dir>', 'folder to search')
    .option('--results <n>', 'how many to show', integer(1), 10)
    .option('--html <file>', 'write a page with thumbnails')
    .option('--open', 'open the page in a browser (default file: search.html)');
  addFolderOptions(command);
  addExamples(command, [
    ['simclr-ts search cat.jpg --in photos', 'the ten most similar pictures'],
    ['simclr-ts search cat.jpg --in photos --open', 'look at them'],
    ['simclr-ts search cat.jpg --in photos --results 3 --json', 'for a script'],
  ]);
  return command.action(execute(async () => (await import('../actions/vectors/search.js')).search));
}
