import { readFile } from 'node:fs/promises';
import { describeValue } from '../errors/checks.js';
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

/**
 * The JSON of a file of a run that is what it must be; `undefined` without the file.
 *
 * @param expectation - What the file must do, such as 'hold accuracies'.
 * @throws `DataError` naming the file when it cannot be read or is damaged.
 */
export async function readJSON<Contents>(
  caller: string,
  path: string,
  isValid: (value: unknown) => value is Contents,
  expectation: string,
): Promise<Contents | undefined> {
  const text = await textOfFile(caller, path);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damagedFile(caller, path, expectation, (error as Error).message, error);
  }
  if (isValid(value)) return value;
  throw damagedFile(caller, path, expectation, describeValue(value));
}
