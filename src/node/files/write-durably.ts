import { type FileHandle, link, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { isAlive } from './is-alive.js';

let writes = 0;

/** Writes a file with `write`, and waits until the disk has it. */
async function makeDurably<T>(path: string, write: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, 'w');
  try {
    const result = await write(file);
    await file.sync();
    return result;
  } finally {
    await file.close();
  }
}

/** Writes a file and waits until the disk has it. */
export function writeDurably(path: string, contents: readonly (string | Uint8Array)[]): Promise<void> {
  return makeDurably(path, async (file) => {
    for (const part of contents) await file.appendFile(part);
  });
}

/** Makes a folder and its parents. Tries the folder alone first, because only that reports a read-only disk. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error;
    await mkdir(path, { recursive: true });
  }
}

/** Makes renames in a folder durable, where the system can (Windows cannot open folders). */
export async function syncDirectory(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => undefined);
  try {
    await folder?.sync().catch(() => {});
  } finally {
    await folder?.close();
  }
}

/** Temporary files that this process is writing. */
const underWay = new Set<string>();

/** The name of a file that is written first and then takes the place of `path`. Give it to {@link endTemporary}. */
export function beginTemporary(path: string): string {
  const temporary = `${path}.${process.pid}-${writes++}.tmp`;
  underWay.add(resolve(temporary));
  return temporary;
}

/** Removes temporary files that did not take their places. */
export async function endTemporary(...files: readonly string[]): Promise<void> {
  for (const file of files) {
    underWay.delete(resolve(file));
    await rm(file, { force: true }).catch(() => {});
  }
}

/** Removes the temporary files, of all names or of `names`, that a killed process left in a folder. */
export async function removeLeftovers(folder: string, names?: readonly string[]): Promise<void> {
  for (const file of await readdir(folder)) {
    const [, name, writer] = /^(.*)\.(\d+)-\d+\.tmp$/.exec(file) ?? [];
    if (name === undefined || (names && !names.includes(name))) continue;
    const path = join(folder, file);
    if (isWritten(path, Number(writer))) continue;
    await rm(path, { force: true });
  }
}

/** Whether a temporary file is still being written: by this process, or by another one that runs. */
function isWritten(path: string, writer: number): boolean {
  if (writer === process.pid) return underWay.has(resolve(path));
  return isAlive(writer);
}

/**
 * Replaces a file with one that `write` fills, all or nothing, even if the power fails.
 *
 * @returns The result of `write`.
 */
export async function replaceFileBy<T>(path: string, write: (file: FileHandle) => Promise<T>): Promise<T> {
  const temporary = beginTemporary(path);
  try {
    await removeLeftovers(dirname(path), [basename(path)]);
    const result = await makeDurably(temporary, write);
    await rename(temporary, path);
    await syncDirectory(dirname(path));
    return result;
  } finally {
    await endTemporary(temporary);
  }
}

/** Replaces a file, all or nothing, even if the power fails. */
export function replaceFile(path: string, text: string): Promise<void> {
  return replaceFileBy(path, (file) => file.appendFile(text));
}

/** Codes of file systems that have no hard links. */
const noLinks = ['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'];

/**
 * Makes a file, all or nothing, even if the power fails. One that is there stays as it is.
 *
 * @throws the system's error `EEXIST` when there is one.
 */
export async function createFile(path: string, text: string): Promise<void> {
  const temporary = beginTemporary(path);
  try {
    await makeDurably(temporary, (file) => file.appendFile(text));
    try {
      await link(temporary, path);
    } catch (error) {
      if (!noLinks.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      const file = await open(path, 'wx');
      try {
        await file.appendFile(text);
        await file.sync();
      } catch (failure) {
        await rm(path, { force: true });
        throw failure;
      } finally {
        await file.close();
      }
    }
    await syncDirectory(dirname(path));
  } finally {
    await endTemporary(temporary);
  }
}
