import {
  BackendError,
  BackendLostError,
  CheckpointError,
  DataError,
  DistributedError,
  InvalidOptionError,
  NonFiniteLossError,
  ShapeError,
  SimCLRError,
  ValueRangeError,
  WorkerError,
} from './errors.js';

/** The classes of this library's errors, by their names. */
export const kinds = {
  SimCLRError,
  ShapeError,
  InvalidOptionError,
  ValueRangeError,
  DataError,
  CheckpointError,
  BackendError,
  BackendLostError,
  DistributedError,
  NonFiniteLossError,
  WorkerError,
};
type ErrorKinds = { [Name in keyof typeof kinds]: InstanceType<(typeof kinds)[Name]> };

/**
 * Whether a value is an error of this library of a kind, whichever copy of the package made it: the ES module, the
 * CommonJS build, another version, another realm. It compares names; only for a subclass with a name of its own
 * the class.
 */
export function isError<Name extends keyof ErrorKinds>(
  value: unknown,
  kind: Name,
): value is ErrorKinds[Name] {
  if (typeof value !== 'object' || value === null) return false;
  const { name } = value as { name?: unknown };
  if (typeof name === 'string' && Object.hasOwn(kinds, name)) {
    const own = kinds[name as keyof ErrorKinds];
    return own === kinds[kind] || Object.prototype.isPrototypeOf.call(kinds[kind].prototype, own.prototype);
  }
  return value instanceof kinds[kind];
}

const inputErrors = ['InvalidOptionError', 'ShapeError', 'ValueRangeError'] as const;

/** Whether an error says that what was given does not fit: an option, a shape, or values. */
export function isInputError(value: unknown): value is Error {
  return inputErrors.some((kind) => isError(value, kind));
}

/** The message of an error of any realm; anything else that was thrown, as text. */
export function messageOf(error: unknown): string {
  const message = typeof error === 'object' && error !== null && (error as { message?: unknown }).message;
  return typeof message === 'string' ? message : String(error);
}
