import { fileURLToPath } from 'node:url';
import { receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';

/** Name of a file or folder, or its `file:` URL as an object or a string. */
export type FilePath = string | URL;

/** Whether `value` is a URL, of whatever realm or package: judged by its fields, as Node does. */
export function isURL(value: unknown): value is URL {
  const { href, protocol } = (value ?? {}) as Partial<URL>;
  return typeof value === 'object' && typeof href === 'string' && typeof protocol === 'string';
}

/**
 * The name that a path stands for; a relative one stays relative. A file whose relative name begins with `file:` is
 * reached as `./file:...`.
 *
 * @throws `InvalidOptionError` naming `argument` when `path` is neither a name nor a `file:` URL of this machine.
 */
export function toFileName(caller: string, argument: string, path: FilePath): string {
  const text = isURL(path) ? path.href : path;
  const refuse = (received: unknown, cause?: unknown) => {
    const expectation = `${argument} must be the name of a file or folder, or a file: URL`;
    return new InvalidOptionError(receivedMessage(caller, expectation, argument, received), { cause });
  };
  if (typeof text !== 'string' || text === '') throw refuse(path);
  if (!isURL(path) && !/^file:/i.test(text)) return text;
  try {
    return fileURLToPath(text);
  } catch (error) {
    throw refuse(text, error);
  }
}
