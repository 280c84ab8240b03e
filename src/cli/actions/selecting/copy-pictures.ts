import { constants } from 'node:fs';
import { copyFile, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { explainSystemError, isSystemError } from '../../../node/files/system-error.js';
import { makeFolder } from '../../../node/files/write-durably.js';
import { CommandError, exitCodes } from '../../exit-codes.js';

function unusable(folder: string, reason: string, cause?: unknown): CommandError {
  return new CommandError(
    `--copy must be a folder that can be written and is empty or not there yet. Received: ${JSON.stringify(folder)} (${reason}).`,
    exitCodes.files,
    { cause },
  );
}

/** Makes an empty folder for copies, so that a wrong one is reported before any work. */
export async function prepareCopies(folder: string): Promise<void> {
  try {
    await makeFolder(folder);
    const there = await readdir(folder);
    if (there.length > 0) throw unusable(folder, `it holds ${there[0]}`);
  } catch (error) {
    throw isSystemError(error) ? unusable(folder, explainSystemError(error), error) : error;
  }
}

/** Copies pictures in their order: `001-cat.jpg`, `002-dog.jpg`, ... Nothing is overwritten. */
export async function copyPictures(folder: string, paths: readonly string[]): Promise<void> {
  const digits = String(paths.length).length;
  for (const [i, path] of paths.entries()) {
    const name = `${String(i + 1).padStart(digits, '0')}-${basename(path)}`;
    try {
      await copyFile(path, join(folder, name), constants.COPYFILE_EXCL);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      throw new CommandError(
        `${path} cannot be copied to ${JSON.stringify(folder)} (${explainSystemError(error)}). ${i} of ${paths.length} pictures were copied.`,
        exitCodes.files,
        { cause: error },
      );
    }
  }
}
