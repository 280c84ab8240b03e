import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes the folder that a file is to be in, so that a wrong path is known before any work. */
export async function prepareFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
}

/** Writes a whole file or, when that fails, leaves what was there. */
export async function writeWhole(path: string, contents: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, contents);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
