import { lstat, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { SkippedImage } from '../../data/index.js';
import { explainSystemError } from '../files/system-error.js';
import { listImages } from '../pictures/list-images.js';

/** A picture in the folder, as its directory describes it. */
export interface FoundFile {
  /** Relative to the folder, with forward slashes. */
  path: string;
  /** Joined with the folder's name. */
  name: string;
  size: number;
  /** Milliseconds since 1970 of the last change of the contents, and of the file's status. */
  modified: number;
  changed: number;
}

const together = 64;

/**
 * Lists the pictures of a folder with their sizes and times.
 *
 * @param skipped - Receives those that cannot be looked up, such as links that lead nowhere.
 */
export async function scanFolder(caller: string, dir: string, skipped: SkippedImage[]): Promise<FoundFile[]> {
  const { paths } = await listImages(caller, dir, { recursive: true, limit: undefined });
  const start = join(dir, 'x').length - 1; // of what follows the folder's name
  const found = new Array<FoundFile | undefined>(paths.length);
  const failed: SkippedImage[] = [];
  let next = 0;
  const work = async () => {
    while (next < paths.length) {
      const i = next++;
      const name = paths[i]!;
      try {
        const { size, mtimeMs, ctimeMs } = await stat(name);
        const path = sep === '/' ? name.slice(start) : name.slice(start).replaceAll(sep, '/');
        found[i] = { path, name, size, modified: mtimeMs, changed: ctimeMs };
      } catch (error) {
        const isThere = await lstat(name).then(
          () => true,
          () => false,
        );
        if (isThere) failed.push({ path: name, reason: explainSystemError(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: together }, work));
  skipped.push(...failed.sort((a, b) => (a.path < b.path ? -1 : 1)));
  return found.filter((file) => file !== undefined);
}
