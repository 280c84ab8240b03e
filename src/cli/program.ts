import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';
import { backendsCommand } from './commands/backends.js';
import { doctorCommand } from './commands/doctor.js';
import { duplicatesCommand } from './commands/duplicates.js';
import { embedCommand } from './commands/embed.js';
import { evaluateCommand } from './commands/evaluate.js';
import { exportCommand } from './commands/export.js';
import { mapCommand } from './commands/galleries/map.js';
import { stacksCommand } from './commands/galleries/stacks.js';
import { indexCommand } from './commands/index-command.js';
import { labelCommand } from './commands/labeling/label.js';
import { selectCommand } from './commands/labeling/select.js';
import { reportCommand } from './commands/report.js';
import { searchCommand } from './commands/search.js';
import { trainCommand } from './commands/train.js';
import { applyConfig } from './config-file.js';
import { type Action, type CommonOptions, type Execute, makeContext } from './context.js';
import { CommandError, exitCodeOf, exitCodes } from './exit-codes.js';
import { FlagNames } from './flag-names.js';

/** The version in package.json, which is equally far above the source and the build. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The guides in the package. */
const guides = fileURLToPath(new URL('../../docs', import.meta.url));

function buildProgram(execute: Execute): Command {
  const program = new Command('simclr-ts')
    .description('Train an encoder on your pictures without labels, then embed, search and compare pictures.')
    .version(packageVersion())
    .showHelpAfterError('(run with --help for usage)')
    .exitOverride();
  const commands = [
    trainCommand,
    indexCommand,
    embedCommand,
    searchCommand,
    duplicatesCommand,
    selectCommand,
    labelCommand,
    stacksCommand,
    mapCommand,
    evaluateCommand,
    reportCommand,
    exportCommand,
    doctorCommand,
    backendsCommand,
  ];
  for (const make of commands) program.addCommand(make(execute).copyInheritedSettings(program));
  return program.addHelpText(
    'after',
    `
Examples:
  $ simclr-ts train photos
  $ simclr-ts index photos
  $ simclr-ts embed photos --out vectors.npy
  $ simclr-ts search query.jpg --in photos
  $ simclr-ts stacks photos --open
  $ simclr-ts map photos --open
  $ simclr-ts train --help

Guides: ${guides}

Exit codes: 0 done, 1 unexpected error, 2 wrong command line, 3 files or pictures, 4 model,
5 missing package or backend, 6 loss is not a number, 7 doctor found errors, 130 interrupted.`,
  );
}

/** Writes to standard output and waits until it is out; main.ts hears of what goes wrong. */
function print(text: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(`${text}\n`, () => resolve());
  });
}

/** Of whatever realm. */
function isErrorLike(error: unknown): error is Error {
  return typeof (error as Partial<Error> | undefined)?.message === 'string';
}

async function reportError(error: unknown, json: boolean, flagNames: FlagNames | undefined): Promise<number> {
  if (error instanceof CommanderError) {
    // Commander has written its text; help and version are no errors.
    if (error.exitCode === 0) return exitCodes.success;
    const details = { name: 'UsageError', message: error.message, exitCode: exitCodes.usage };
    if (json) await print(JSON.stringify({ error: details }, null, 2));
    return exitCodes.usage;
  }
  const { name, message, stack } = isErrorLike(error) ? error : new Error(String(error));
  const exitCode = exitCodeOf(error);
  // Users of the command line did not call the function that the library's messages begin with.
  const told = message.replace(/^[A-Za-z]+(\.[A-Za-z]+)?: /, '');
  const sentence = error instanceof CommandError ? message : (flagNames?.within(told) ?? told);
  process.stderr.write(`${exitCode === exitCodes.unexpected ? stack : `Error: ${sentence}`}\n`);
  if (json) await print(JSON.stringify({ error: { name, message: sentence, exitCode } }, null, 2));
  return exitCode;
}

/**
 * The whole command line.
 *
 * @param argv - What follows the program's name.
 * @returns The exit code of the process.
 */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  let exitCode: number = exitCodes.success;
  let json = argv.includes('--json');
  let flagNames: FlagNames | undefined;
  const execute: Execute =
    <Options>(load: () => Promise<Action<Options>>) =>
    async (...received) => {
      const command = received.at(-1) as Command;
      flagNames = new FlagNames(command);
      const { config } = command.opts<{ config?: string }>();
      if (config !== undefined) await applyConfig(command, config);
      const options = command.opts<Options & CommonOptions>();
      json = options.json === true;
      const isGiven = (option: string) =>
        ['cli', 'config'].includes(command.getOptionValueSource(option) ?? 'default');
      const names = command.processedArgs.filter((name): name is string => name !== undefined);
      const result = await (await load())(
        names,
        options,
        makeContext(options, isGiven, flagNames, packageVersion()),
      );
      await print(json ? JSON.stringify(result.json, null, 2) : result.text);
      exitCode = result.exitCode ?? exitCodes.success;
    };
  try {
    await buildProgram(execute).parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    return reportError(error, json, flagNames);
  }
}
