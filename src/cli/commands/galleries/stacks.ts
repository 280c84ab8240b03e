import { Command } from 'commander';
import type { Execute } from '../../context.js';
import { addExamples, addFolderOptions, choice, integer, numberBetween } from '../../options.js';

/** `stacks DIR`. */
export function stacksCommand(execute: Execute): Command {
  const command = new Command('stacks')
    .description(
      'Find pictures that belong together: equal files, the same picture changed, variants. Nothing is deleted.',
    )
    .argument('<dir>', 'folder of pictures')
    .addOption(
      choice(
        '--level <level>',
        'copies: equal files; same: also re-encoded, resized, slightly cropped; variants: also bursts',
        ['copies', 'same', 'variants'],
      ).default('variants'),
    )
    .option(
      '--precision <p>',
      'share of the found pairs that have to be right; it decides how alike pictures must be',
      numberBetween(0, 1),
      0.99,
    )
    .option(
      '--most-copies <n>',
      'a picture has at most so many copies: more are pictures that differ by a hair',
      integer(1),
    )
    .option('--csv <file>', 'write a table: a line per picture')
    .option('--html <file>', 'write a page with thumbnails, sizes, dates, and which to keep')
    .option('--open', 'open the page in a browser (default file: stacks.html)');
  addFolderOptions(command);
  addExamples(command, [
    ['simclr-ts stacks photos', 'what belongs together, and which one to keep'],
    ['simclr-ts stacks photos --html stacks.html --open', 'look at it'],
    [
      'simclr-ts stacks photos --level same --precision 0.999 --csv stacks.csv',
      'for a script, and very sure',
    ],
  ]);
  return command.action(execute(async () => (await import('../../actions/stacks/stacks.js')).stacks));
}
