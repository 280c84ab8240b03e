import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { SkippedImage } from '../../data/index.js';
import { forEachFile } from '../files/for-each-file.js';
import { explainSystemError } from '../files/system-error.js';

/** Files with the same bytes. */
export interface EqualFiles {
  /** Groups of at least two files, in the order of the files. */
  groups: string[][];
  /** Names of files that are other names of one in the list (hard links), with that one: they are no copies. */
  links: { path: string; of: string }[];
  /** Files that cannot be read. */
  skipped: SkippedImage[];
}

/** Files looked up at a time. */
const together = 64;

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function groupsBy<Key>(paths: readonly string[], keys: readonly (Key | undefined)[]): string[][] {
  const groups = new Map<Key, string[]>();
  for (const [i, path] of paths.entries()) {
    const key = keys[i];
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group) group.push(path);
    else groups.set(key, [path]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

/**
 * Finds files with the same bytes. Only those of equal size are read.
 *
 * @param paths - The files, once each.
 * @param hashes - Hash of each file's contents, where it is known.
 */
export async function equalFiles(paths: readonly string[], hashes?: readonly string[]): Promise<EqualFiles> {
  const sizes = new Array<number | undefined>(paths.length);
  const places = new Array<string | undefined>(paths.length);
  const failed = new Map<string, string>();
  await forEachFile(paths, together, async (path, i) => {
    try {
      const { size, dev, ino, nlink } = await stat(path, { bigint: true });
      sizes[i] = Number(size);
      if (nlink > 1n) places[i] = `${dev}:${ino}`;
    } catch (error) {
      failed.set(path, explainSystemError(error));
    }
  });
  const links = groupsBy(paths, places).flatMap(([of, ...others]) =>
    others.map((path) => ({ path, of: of! })),
  );
  const linked = new Set(links.map(({ path }) => path));
  const keys = [...sizes].map((size, i) => (linked.has(paths[i]!) ? undefined : size));
  const known = new Map(hashes?.map((hash, i) => [paths[i]!, hash]));
  const candidates = groupsBy(paths, keys).flat();
  const contents = new Array<string | undefined>(candidates.length);
  await forEachFile(candidates, 4, async (path, i) => {
    try {
      contents[i] = known.get(path) ?? (await hashOf(path));
    } catch (error) {
      failed.set(path, explainSystemError(error));
    }
  });
  const order = new Map(paths.map((path, i) => [path, i]));
  const groups = groupsBy(candidates, contents).sort((a, b) => order.get(a[0]!)! - order.get(b[0]!)!);
  const skipped = [...failed].map(([path, reason]) => ({ path, reason }));
  return { groups, links, skipped };
}
