import { isInteractive } from '../node/progress/output.js';
import type { FlagNames } from './flag-names.js';

/** Options of every command. */
export interface CommonOptions {
  /** One JSON document on standard output instead of text. */
  json?: boolean;
  /** Write only warnings and errors to standard error. */
  quiet?: boolean;
  /** Write notes and progress even if standard error is not a terminal. */
  verbose?: boolean;
}

/** How a command talks to people while it runs. Its results are what it returns. */
export interface Context {
  /** Whether to omit notes and progress: outside a terminal, in CI, and with --quiet. */
  readonly quiet: boolean;
  /** Reports what happens. */
  note(text: string): void;
  /** Reports something unexpected, even when quiet. */
  warn(text: string): void;
  /** The version of this package. */
  readonly version: string;
  /** The flags of the library's options. */
  readonly flagNames: FlagNames;
  /** Whether an option was given by flag or configuration file, rather than by its default. */
  isGiven(option: string): boolean;
}

/** Result of a command. */
export interface Result {
  /** For people. */
  text: string;
  /** For machines: what --json prints. */
  json: object;
  /** Exit code of the process. Default 0. */
  exitCode?: number;
}

/** The work of a command. It has its own module, which is loaded when the command runs. */
export type Action<Options> = (
  names: readonly string[],
  options: Options & CommonOptions,
  context: Context,
) => Promise<Result>;

/** Runs the action of a command. `load` imports it, so that other commands do not load it. */
export type Execute = <Options>(
  load: () => Promise<Action<Options>>,
) => (...received: unknown[]) => Promise<void>;

/** The context of a command with these options. */
export function makeContext(
  options: CommonOptions,
  isGiven: (option: string) => boolean,
  flagNames: FlagNames,
  version: string,
): Context {
  const { quiet = false, verbose = false } = options;
  const isQuiet = quiet || !(verbose || isInteractive(process.stderr));
  const write = (text: string) => void process.stderr.write(`${text}\n`);
  return {
    quiet: isQuiet,
    note: (text) => {
      if (!isQuiet) write(text);
    },
    warn: (text) => write(`Warning: ${flagNames.within(text)}`),
    version,
    flagNames,
    isGiven,
  };
}
