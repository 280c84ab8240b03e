import { Command } from 'commander';
import type { Execute } from '../context.js';
import { addCommonOptions, addExamples } from '../options.js';

/** `backends`. */
export function backendsCommand(execute: Execute): Command {
  const command = new Command('backends').description(
    'Try every backend and say which ones work here, the fastest first.',
  );
  addCommonOptions(command);
  addExamples(command, [
    ['simclr-ts backends', 'what works, and why the others do not'],
    ['simclr-ts backends --json', 'for a script'],
  ]);
  return command.action(execute(async () => (await import('../actions/backends.js')).backends));
}
