import { kinds, messageOf } from './is-error.js';

/** An error as data that a message between threads can hold. */
export interface ErrorData {
  name: string;
  message: string;
  stack?: string;
  /** Its own fields of plain values, such as `path` of a `DataError`. */
  fields: Record<string, string | number | boolean>;
  cause?: ErrorData;
}

/** Causes are followed to this depth, because an error may be its own cause. */
const deepestCause = 8;

/** What was thrown, as data. */
export function errorToData(error: unknown, depth = 0): ErrorData {
  if (typeof error !== 'object' || error === null) {
    return { name: 'Error', message: messageOf(error), fields: {} };
  }
  const { name, stack, cause } = error as Partial<Error>;
  const fields = Object.entries(error).filter((field): field is [string, string | number | boolean] =>
    ['string', 'number', 'boolean'].includes(typeof field[1]),
  );
  return {
    name: typeof name === 'string' ? name : 'Error',
    message: messageOf(error),
    ...(typeof stack === 'string' ? { stack } : {}),
    fields: Object.fromEntries(fields),
    ...(cause === undefined || depth === deepestCause ? {} : { cause: errorToData(cause, depth + 1) }),
  };
}

/** The error again: of this library's class where its name is one of them, with the stack of where it was thrown. */
export function errorFromData({ name, message, stack, fields, cause }: ErrorData): Error {
  const error = new Error(message, cause === undefined ? undefined : { cause: errorFromData(cause) });
  const kind = Object.hasOwn(kinds, name) ? kinds[name as keyof typeof kinds] : undefined;
  // Their constructors differ and write messages of their own.
  if (kind !== undefined) Object.setPrototypeOf(error, kind.prototype);
  return Object.assign(error, fields, { name }, stack === undefined ? {} : { stack });
}
