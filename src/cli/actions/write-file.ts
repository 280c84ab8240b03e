import { type FileHandle, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { explainSystemError, isSystemError } from '../../node/files/system-error.js';
import { makeFolder, replaceFileBy } from '../../node/files/write-durably.js';
import { CommandError, exitCodes } from '../exit-codes.js';

/** Names the file in errors of the system. Other errors stay as they are. */
function unwritable(path: string, error: unknown): unknown {
  if (!isSystemError(error)) return error;
  return new CommandError(
    `${JSON.stringify(path)} must be a file that can be written. Received: ${explainSystemError(error)}.`,
    exitCodes.files,
    { cause: error },
  );
}

/**
 * Makes the folder of a file, so that a wrong path is reported before any work.
 *
 * @throws {@link CommandError} when the folder cannot be made, or `path` is a folder.
 */
export async function prepareFile(path: string): Promise<void> {
  try {
    await makeFolder(dirname(path));
  } catch (error) {
    throw unwritable(path, error);
  }
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory()) {
    throw new CommandError(`${JSON.stringify(path)} must be a file. Received: a folder.`, exitCodes.files);
  }
}

/**
 * Writes a file piece by piece. It appears under its name when it is complete. If `write` fails, an earlier file stays.
 *
 * @returns The result of `write`.
 * @throws {@link CommandError} when the system cannot write it.
 */
export async function writeInPieces<T>(path: string, write: (file: FileHandle) => Promise<T>): Promise<T> {
  try {
    return await replaceFileBy(path, write);
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** Writes a whole file. If that fails, an earlier file stays. */
export function writeWhole(path: string, contents: string | Uint8Array): Promise<void> {
  return writeInPieces(path, (file) => file.appendFile(contents));
}
