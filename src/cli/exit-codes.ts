/** Exit codes of the process. docs/command-line.md explains them to users. */
export const exitCodes = {
  /** Done. */
  success: 0,
  /** An unknown error, most likely a bug. */
  unexpected: 1,
  /** The command line or the configuration file is wrong. */
  usage: 2,
  /** A file, folder or picture cannot be read or written, or has the wrong content. */
  files: 3,
  /** The model is missing, damaged or of another kind. */
  model: 4,
  /** A package is not installed, or no backend works. */
  environment: 5,
  /** The loss or a gradient was not finite. */
  diverged: 6,
  /** `doctor` found an error. */
  findings: 7,
} as const;

/** An error that the user can correct. It is printed without a stack. */
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
  // The base class itself means that a package is not installed.
  SimCLRError: exitCodes.environment,
};

/**
 * Exit code after `error`. Looks up the library's errors by name, so that their classes need not be loaded.
 */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommandError) return error.exitCode;
  if (typeof error !== 'object' || error === null) return exitCodes.unexpected;
  const { name } = error as Partial<Error>;
  if (typeof name === 'string' && Object.hasOwn(byName, name)) return byName[name]!;
  return 'syscall' in error ? exitCodes.files : exitCodes.unexpected;
}
