import { Command } from 'commander';
import type { Execute } from '../../context.js';
import { addExamples, addFolderOptions, choice, integer, numberFrom } from '../../options.js';

/** `label DIR`. */
export function labelCommand(execute: Execute): Command {
  const command = new Command('label')
    .description(
      'Name the pictures of a folder from the few that you named. Names are kept beside the index.',
    )
    .argument('<dir>', 'folder of pictures')
    .option('--names <file>', 'your names: .json, or a table with the columns path and name')
    .option('--from-folders', 'pictures in folders inside DIR have the names of these')
    .option(
      '--from-keywords [names]',
      'pictures have the names of their keywords, of all or of these: cat,dog',
    )
    .option('--next <n>', 'list the pictures to name next instead', integer(1))
    .option(
      '--none-share <p>',
      'largest share of pictures with a name that may be called none of these',
      numberFrom(0, 0.5),
      0.02,
    )
    .option('--out <file>', 'write the names to .csv, .json or .parquet; with --next to .csv, .json or .html')
    .option('--write-xmp', 'list the XMP sidecars that would be written')
    .option('--write', 'with --write-xmp, write them; those that are there stay as they are')
    .option('--min-confidence <p>', 'with --write-xmp, smallest confidence of a name', numberFrom(0, 1), 0.9)
    .addOption(
      choice('--sidecar <form>', 'append: cat.jpg.xmp (digiKam, immich); replace: cat.xmp (Lightroom)', [
        'append',
        'replace',
      ]).default('append'),
    );
  addFolderOptions(command);
  addExamples(command, [
    ['simclr-ts label photos --next 20 --out next.csv', 'what to name first; fill in the column name'],
    ['simclr-ts label photos --names next.csv', 'names for the rest, and how certain they are'],
    ['simclr-ts label photos --out labels.csv', 'later: with the names that were kept'],
    ['simclr-ts label photos --write-xmp', 'what would be written for digiKam, immich and Lightroom'],
  ]);
  return command.action(execute(async () => (await import('../../actions/labeling/label.js')).label));
}
