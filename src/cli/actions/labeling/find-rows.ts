import { relative, resolve, sep } from 'node:path';
import type { PictureName } from 'simclr-ts/node';
import type { FolderVectors } from '../vectors/folder-vectors.js';

/** Paths as lists have them: with forward slashes, in one form of Unicode (some disks take composed characters apart). */
const plain = (path: string) => path.replaceAll(sep, '/').normalize('NFC');

/** A picture's path in the folder, with forward slashes. */
export function pathInFolder(dir: string, path: string): string {
  return relative(dir, path).replaceAll(sep, '/');
}

/** Finds the rows of pictures by what lists call them. */
export interface RowFinder {
  /** The row of a picture with a vector; `undefined` when there is none. */
  rowOf(name: Pick<PictureName, 'path' | 'sha256'>): number | undefined;
}

/**
 * A list may call a picture by its path in the folder, as kept names do, by its path from the working directory, as
 * commands print it, or by its whole path. A picture that was moved is found by its contents.
 */
export function rowFinder(dir: string, { paths, hashes }: FolderVectors): RowFinder {
  const inFolder = new Map(paths.map((path, row) => [plain(relative(dir, path)), row]));
  const whole = new Map(paths.map((path, row) => [plain(resolve(path)), row]));
  const byHash = new Map(hashes?.map((hash, row) => [hash, row]).reverse() as [string, number][] | undefined);
  return {
    rowOf({ path, sha256 }) {
      const found = inFolder.get(plain(path).replace(/^\.\//, '')) ?? whole.get(plain(resolve(path)));
      return found ?? (sha256 === undefined ? undefined : byHash.get(sha256));
    },
  };
}
