import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkKeys } from '../../errors/check-keys.js';
import { hasTag, receivedMessage } from '../../errors/checks.js';
import { DataError, InvalidOptionError } from '../../errors/errors.js';
import { type FilePath, toFileName } from './file-path.js';
import { explainSystemError, isSystemError } from './system-error.js';
import { makeFolder, replaceFileBy } from './write-durably.js';

/** Options of {@link writeFiles}. */
export interface WriteFilesOptions {
  /**
   * Paths that are left as they are if they exist, such as a README.md that somebody has edited.
   * @defaultValue none
   */
  keep?: readonly string[];
}

/** A file that {@link writeFiles} wrote. */
export interface WrittenFile {
  /** Its path in the folder, with forward slashes. */
  path: string;
  /** Its size. */
  bytes: number;
}

/**
 * Writes files into a folder, such as those of `huggingFaceFiles`. Each appears under its name when it is complete, and
 * replaces the one that was there. Other files in the folder stay.
 *
 * @param folder - Made if it is not there.
 * @param files - Contents by path in the folder, with forward slashes.
 * @param options - See {@link WriteFilesOptions}.
 * @returns The files that were written, in the given order.
 * @throws `DataError` when the system cannot write a file; `path` of the error names it.
 * @throws `InvalidOptionError` when a path leads out of the folder, or `files` is not a `Map`.
 * @example
 * await writeFiles('my-model', await huggingFaceFiles(simclr.encoder), { keep: ['README.md'] });
 */
export async function writeFiles(
  folder: FilePath,
  files: ReadonlyMap<string, Uint8Array>,
  options: WriteFilesOptions = {},
): Promise<WrittenFile[]> {
  const caller = 'writeFiles';
  checkKeys(caller, options, { keep: 1 });
  const { keep = [] } = options;
  if (!Array.isArray(keep)) {
    throw new InvalidOptionError(receivedMessage(caller, 'keep must be an array of paths', 'keep', keep));
  }
  const root = toFileName(caller, 'folder', folder);
  if (!hasTag(files, 'Map')) {
    throw new InvalidOptionError(receivedMessage(caller, 'files must be a Map', 'files', files));
  }
  for (const path of files.keys()) {
    const parts = path.split('/');
    if (parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\\'))) {
      throw new InvalidOptionError(
        receivedMessage(caller, 'a path must stay in the folder: names with / between them', 'path', path),
      );
    }
  }
  const written: WrittenFile[] = [];
  for (const [path, contents] of files) {
    const file = join(root, ...path.split('/'));
    try {
      if (keep.includes(path) && (await stat(file).catch(() => undefined))) continue;
      await makeFolder(dirname(file));
      await replaceFileBy(file, (handle) => handle.appendFile(contents));
    } catch (error) {
      if (!isSystemError(error)) throw error;
      throw new DataError(
        `${caller}: files must be such as can be written. Received: path=${JSON.stringify(file)} (${explainSystemError(error)}).`,
        file,
        { cause: error },
      );
    }
    written.push({ path, bytes: contents.length });
  }
  return written;
}
