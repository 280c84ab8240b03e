import { readdir, realpath, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { DataError } from '../errors/errors.js';
import { explainSystemError } from './system-error.js';

const extensions = new Set(['.jpg', '.jpeg', '.png', '.webp', '.gif', '.tif', '.tiff', '.avif', '.svg']);

/** The pictures of a folder, in an order that depends on their names alone. */
export interface ListedImages {
  /** Names joined with the folder's. */
  paths: string[];
  /** For each picture the number of its class folder; only where every picture lies directly in one. */
  labels?: Int32Array;
  /** Names of the class folders. */
  classNames?: string[];
}

/** Names of pictures below `dir`, as lists of path components. */
async function walk(dir: string, recursive: boolean, above: readonly string[] = []): Promise<string[][]> {
  // A link to a folder above would otherwise be followed for ever.
  const real = await realpath(dir);
  if (above.includes(real)) return [];
  const found: string[][] = [];
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    if (entry.name.startsWith('.')) continue;
    const path = join(dir, entry.name);
    // A link that leads nowhere is kept as a file, so that reading it reports it.
    const target = entry.isSymbolicLink() ? await stat(path).catch(() => entry) : entry;
    if (target.isDirectory()) {
      if (!recursive) continue;
      for (const parts of await walk(path, recursive, [...above, real])) found.push([entry.name, ...parts]);
    } else if (extensions.has(extname(entry.name).toLowerCase())) {
      found.push([entry.name]);
    }
  }
  return found;
}

function compareParts(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    // By code units: the same order on every machine, whatever its language.
    if (a[i]! !== b[i]!) return a[i]! < b[i]! ? -1 : 1;
  }
  return a.length - b.length;
}

/**
 * Lists the pictures of a folder: hidden files and files whose name does not end as a picture's are passed over.
 *
 * @param options - `limit` takes that many, evenly spread, so that all classes stay.
 * @throws `DataError` when the folder cannot be read or has no picture.
 */
export async function listImages(
  caller: string,
  dir: string,
  options: { recursive: boolean; limit: number | undefined },
): Promise<ListedImages> {
  const { recursive, limit = Number.POSITIVE_INFINITY } = options;
  let all: string[][];
  try {
    all = await walk(dir, recursive);
  } catch (error) {
    throw new DataError(
      `${caller}: dir must be a folder that can be read. Received: dir=${JSON.stringify(dir)} (${explainSystemError(error)}).`,
      dir,
      { cause: error },
    );
  }
  if (all.length === 0) {
    throw new DataError(
      `${caller}: dir must hold at least one picture (${[...extensions].join(', ')}). Received: dir=${JSON.stringify(dir)} with none.`,
      dir,
    );
  }
  all.sort(compareParts);
  const number = Math.min(all.length, limit);
  const chosen = Array.from({ length: number }, (_, i) => all[Math.floor((i * all.length) / number)]!);
  const paths = chosen.map((parts) => join(dir, ...parts));
  if (!all.every((parts) => parts.length === 2)) return { paths };
  const classNames = [...new Set(all.map((parts) => parts[0]!))];
  const numbers = new Map(classNames.map((name, i) => [name, i]));
  return { paths, classNames, labels: Int32Array.from(chosen, (parts) => numbers.get(parts[0]!)!) };
}
