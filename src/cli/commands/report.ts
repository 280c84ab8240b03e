import { Command } from 'commander';
import type { Execute } from '../context.js';
import { addCommonOptions, addExamples } from '../options.js';

/** `report RUN [OTHER]`. */
export function reportCommand(execute: Execute): Command {
  const command = new Command('report')
    .description('Write an HTML page about a run, or one that compares two: losses, accuracies, settings.')
    .argument('<run>', 'folder of a model that `train` wrote')
    .argument('[other]', 'another one, to compare with')
    .option('--out <file>', 'the page', 'report.html');
  addCommonOptions(command);
  addExamples(command, [
    ['simclr-ts report simclr-model', 'loss and, once evaluated, accuracies and confusions'],
    ['simclr-ts report first-model second-model --out comparison.html', 'what is better, and what differs'],
    ['simclr-ts report first-model second-model --json', 'the differences for a script'],
  ]);
  return command.action(execute(async () => (await import('../actions/report.js')).report));
}
