import type { FlagNames } from './flag-names.js';

/** What every command takes beside its own options. */
export interface CommonOptions {
  /** One JSON document on standard output instead of text. */
  json?: boolean;
  /** Nothing on standard error but warnings and errors. */
  quiet?: boolean;
  /** Notes and progress also where no terminal is. */
  verbose?: boolean;
}

/** How a command talks to people while it works; results are what it returns. */
export interface Context {
  /** Whether notes and progress are left out: outside a terminal, in CI, and with --quiet. */
  readonly quiet: boolean;
  /** Reports what happens. */
  note(text: string): void;
  /** Says what is not as expected, in any case. */
  warn(text: string): void;
  /** What the library's names are called on the command line. */
  readonly flagNames: FlagNames;
  /** Whether an option was given by flag or configuration file, rather than by its default. */
  isGiven(option: string): boolean;
}

/** What a command found. */
export interface Result {
  /** For people. */
  text: string;
  /** For machines: what --json prints. */
  json: object;
  /** What the process ends with. Default 0. */
  exitCode?: number;
}

/** What a command does. It is in a module of its own, which is loaded when the command runs and not before. */
export type Action<Options> = (
  names: readonly string[],
  options: Options & CommonOptions,
  context: Context,
) => Promise<Result>;

/** Runs what a command line asks for; the action is loaded when its command has been chosen. */
export type Execute = <Options>(
  load: () => Promise<Action<Options>>,
) => (...received: unknown[]) => Promise<void>;

/** Whether somebody watches: a terminal that is not the log of a CI job. */
function isWatched(): boolean {
  const { CI, TERM } = process.env;
  return process.stderr.isTTY === true && (!CI || CI === 'false') && TERM !== 'dumb';
}

/** The context of a command with these options. */
export function makeContext(
  options: CommonOptions,
  isGiven: (option: string) => boolean,
  flagNames: FlagNames,
): Context {
  const { quiet = false, verbose = false } = options;
  const isQuiet = quiet || !(verbose || isWatched());
  const write = (text: string) => void process.stderr.write(`${text}\n`);
  return {
    quiet: isQuiet,
    note: (text) => {
      if (!isQuiet) write(text);
    },
    warn: (text) => write(`Warning: ${flagNames.within(text)}`),
    flagNames,
    isGiven,
  };
}
