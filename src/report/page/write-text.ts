import { dirname } from 'node:path';
import { DataError } from '../../errors/errors.js';
import { type FilePath, toFileName } from '../../node/files/file-path.js';
import { explainSystemError } from '../../node/files/system-error.js';
import { makeFolder, replaceFile } from '../../node/files/write-durably.js';

/**
 * Writes a whole file, or leaves the old one as it is. Creates missing folders.
 *
 * @returns The path.
 * @throws `DataError` naming the file when it cannot be written.
 */
export async function writeText(caller: string, path: FilePath, text: string): Promise<string> {
  const name = toFileName(caller, 'path', path);
  try {
    await makeFolder(dirname(name));
    await replaceFile(name, text);
    return name;
  } catch (error) {
    throw new DataError(
      `${caller}: path must be a file that can be written. Received: path=${JSON.stringify(name)} (${explainSystemError(error)}).`,
      name,
      { cause: error },
    );
  }
}
