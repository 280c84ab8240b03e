import { Command } from 'commander';
import type { Execute } from '../context.js';
import { addCommonOptions, addExamples, addModelOptions } from '../options.js';

/** `doctor [DIR]`. */
export function doctorCommand(execute: Execute): Command {
  const command = new Command('doctor')
    .description('Check what training and embedding need: packages, backend, pictures, model.')
    .argument('[dir]', 'folder of pictures to check');
  addModelOptions(command);
  addCommonOptions(command);
  addExamples(command, [
    ['simclr-ts doctor', 'is everything installed?'],
    ['simclr-ts doctor photos --model simclr-model', 'are pictures and model in order?'],
  ]);
  return command.action(execute(async () => (await import('../actions/doctor.js')).doctor));
}
