import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

let writes = 0;

/** Writes a file and waits until the disk has it. */
export async function writeDurably(path: string, contents: readonly (string | Uint8Array)[]): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (const part of contents) await file.appendFile(part);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes a folder and those above it. By itself first, because only that tells of a disk that is read-only. */
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

/** Removes what a process that was killed in the middle of a write of `names` left in a folder. */
export async function removeLeftovers(folder: string, names: readonly string[]): Promise<void> {
  for (const file of await readdir(folder)) {
    const name = /^(.*)\.\d+-\d+\.tmp$/.exec(file)?.[1];
    if (name !== undefined && names.includes(name)) await rm(join(folder, file), { force: true });
  }
}

/** Replaces a file, all or nothing, also when the power fails. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}-${writes++}.tmp`;
  try {
    await removeLeftovers(dirname(path), [basename(path)]);
    await writeDurably(temporary, [text]);
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
}
