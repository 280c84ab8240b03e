import { readFile } from 'node:fs/promises';
import { DataError } from '../errors/errors.js';
import { explainSystemError } from '../node/files/system-error.js';

/** A file of a run that is not what it must be. */
export function damagedFile(
  caller: string,
  path: string,
  expectation: string,
  received: string,
  cause?: unknown,
): DataError {
  return new DataError(`${caller}: ${path} must ${expectation}. Received: ${received}.`, path, { cause });
}

/**
 * The text of a file of a run; `undefined` without the file.
 *
 * @throws `DataError` naming the file when it cannot be read.
 */
export async function textOfFile(caller: string, path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw damagedFile(caller, path, 'be a file that can be read', explainSystemError(error), error);
  }
}
