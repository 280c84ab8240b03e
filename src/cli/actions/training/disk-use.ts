import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** What a run takes on the disk, in bytes. */
export interface DiskUse {
  all: number;
  /** Of them those of the checkpoints, which can be deleted once the model is there. */
  checkpoints: number;
}

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    entries.filter((entry) => entry.isFile()).map(async (entry) => stat(join(entry.parentPath, entry.name))),
  );
  return sizes.reduce((sum, { size }) => sum + size, 0);
}

/** Measures the folder of a run. */
export async function diskUse(out: string): Promise<DiskUse> {
  return { all: await bytesIn(out), checkpoints: await bytesIn(join(out, 'checkpoints')) };
}
