/** What the process ends with; docs/command-line.md explains them to users. */
export const exitCodes = {
  /** Done. */
  success: 0,
  /** An error that the program does not know: a mistake in it, most likely. */
  unexpected: 1,
  /** The command line or the configuration file asks for what cannot be. */
  usage: 2,
  /** A file, folder or picture cannot be read, is not what it should be, or cannot be written. */
  files: 3,
  /** The model is missing, damaged or of another kind. */
  model: 4,
  /** A package is not installed, or no backend works. */
  environment: 5,
  /** The loss or a gradient was no number. */
  diverged: 6,
  /** `doctor` found what must be put right. */
  findings: 7,
} as const;

/** An error that is the user's to put right: it is told in a sentence, without a stack. */
export class CommandError extends Error {
  override name = 'CommandError';

  /** @param exitCode - Exit code of the process. */
  constructor(
    message: string,
    readonly exitCode: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const byName: Readonly<Record<string, number>> = {
  InvalidOptionError: exitCodes.usage,
  DataError: exitCodes.files,
  ShapeError: exitCodes.files,
  ValueRangeError: exitCodes.files,
  CheckpointError: exitCodes.model,
  BackendError: exitCodes.environment,
  NonFiniteLossError: exitCodes.diverged,
  // The base class itself is what a package that is not installed throws.
  SimCLRError: exitCodes.environment,
};

/**
 * What the process ends with after `error`. The library's errors are known by name, so that the classes need not be
 * loaded before a command does anything.
 */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommandError) return error.exitCode;
  if (typeof error !== 'object' || error === null) return exitCodes.unexpected;
  const { name } = error as Partial<Error>;
  if (typeof name === 'string' && Object.hasOwn(byName, name)) return byName[name]!;
  return 'syscall' in error ? exitCodes.files : exitCodes.unexpected;
}
