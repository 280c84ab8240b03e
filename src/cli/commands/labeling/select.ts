import { Command } from 'commander';
import type { Execute } from '../../context.js';
import { addExamples, addFolderOptions, choice, integer } from '../../options.js';

/** Collects an option that may be given several times. */
const collect = (value: string, before: string[] = []) => [...before, value];

/** `select DIR`. */
export function selectCommand(execute: Execute): Command {
  const command = new Command('select')
    .description('Select a few pictures of a folder that stand for all of them, or that differ most.')
    .argument('<dir>', 'folder of pictures')
    .option('--count <n>', 'how many to select', integer(1))
    .addOption(
      choice('--method <name>', 'facility-location: typical and diverse; farthest-point: outliers first', [
        'facility-location',
        'farthest-point',
      ]).default('facility-location'),
    )
    .option('--near <file>', 'select among the pictures most like this one; may be repeated', collect)
    .option('--pool <n>', 'how many are near enough for --near (default: ten times --count)', integer(1))
    .option('--unlike <file>', 'nothing like this picture; may be repeated', collect)
    .option('--balanced', 'equally many of each folder inside DIR, as far as it has so many')
    .option('--out <file>', 'write them to a .csv, .json or .html file, the last with thumbnails')
    .option('--copy <dir>', 'copy them, numbered, to a folder that is empty or not there yet');
  addFolderOptions(command);
  addExamples(command, [
    ['simclr-ts select photos --count 100', 'one path per line, most telling first'],
    ['simclr-ts select photos --count 100 --out selected.html', 'a page with thumbnails'],
    ['simclr-ts select photos --count 20 --near cat.jpg', 'diverse pictures among those like cat.jpg'],
    [
      'simclr-ts select photos --count 50 --balanced --copy subset',
      'a subset with equally many of each folder',
    ],
  ]);
  return command.action(execute(async () => (await import('../../actions/selecting/select.js')).select));
}
