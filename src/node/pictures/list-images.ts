import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { spreadRows } from '../../data/spread-rows.js';
import { DataError } from '../../errors/errors.js';
import { explainSystemError } from '../files/system-error.js';
import { loadSharp } from './decode-image.js';

/** Endings of the files that the decoder reads from bytes, such as `.jpg`; they depend on how sharp was built. */
export async function pictureEndings(caller: string): Promise<string[]> {
  const { format } = await loadSharp(caller);
  return Object.values(format).flatMap(({ input }) => (input.buffer ? (input.fileSuffix ?? []) : []));
}

/** The pictures of a folder, in an order that depends on their names alone. */
export interface ListedImages {
  /** Names joined with the folder's. */
  paths: string[];
  /** For each picture the number of its class folder; only where every picture lies in one, at any depth. */
  labels?: Int32Array;
  /** Names of the class folders. */
  classNames?: string[];
}

/** A name below the folder, as path components. */
type Parts = readonly string[];

/**
 * Names of pictures below `dir`. Each file comes once: under its own name if that is below `dir`, otherwise under the
 * first link to it or to a folder above it.
 */
async function walk(dir: string, recursive: boolean, isPicture: (name: string) => boolean): Promise<Parts[]> {
  const found = new Map<string, Parts>();
  const visited = new Set<string>();
  let links: Parts[] = [];

  function add(real: string, parts: Parts): void {
    if (isPicture(parts.at(-1)!) && !found.has(real)) found.set(real, parts);
  }

  /** Goes through a folder and notes its links for later. */
  async function visit(real: string, parts: Parts): Promise<void> {
    if (visited.has(real)) return;
    visited.add(real);
    for (const entry of await readdir(real, { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue;
      const inner = [...parts, entry.name];
      if (entry.isSymbolicLink()) links.push(inner);
      else if (entry.isFile()) add(join(real, entry.name), inner);
      else if (entry.isDirectory() && recursive) await visit(join(real, entry.name), inner);
    }
  }

  async function follow(parts: Parts): Promise<void> {
    const path = join(dir, ...parts);
    let real: string;
    try {
      real = await realpath(path);
    } catch {
      add(path, parts); // leads nowhere: kept, so that reading it reports it
      return;
    }
    const target = await stat(real);
    if (target.isFile()) add(real, parts);
    else if (target.isDirectory() && recursive) await visit(real, parts);
  }

  await visit(await realpath(dir), []);
  while (links.length > 0) {
    const next = links.sort(compareParts);
    links = [];
    for (const parts of next) await follow(parts);
  }
  return [...found.values()];
}

function compareParts(a: Parts, b: Parts): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    // By code units: the same order on every machine, whatever its language.
    if (a[i]! !== b[i]!) return a[i]! < b[i]! ? -1 : 1;
  }
  return a.length - b.length;
}

/**
 * Lists the pictures of a folder: hidden files and files whose name does not end as a picture's are passed over. A
 * file and the links to it are one picture; hard links are files of their own.
 *
 * @param options - `limit` takes that many, evenly spread, so that all classes stay.
 * @throws `DataError` when the folder cannot be read or has no picture.
 * @throws `SimCLRError` when the optional package `sharp` is not installed.
 */
export async function listImages(
  caller: string,
  dir: string,
  options: { recursive: boolean; limit: number | undefined },
): Promise<ListedImages> {
  const { recursive, limit = Number.POSITIVE_INFINITY } = options;
  const endings = await pictureEndings(caller);
  const isPicture = (name: string) => endings.some((ending) => name.toLowerCase().endsWith(ending));
  let all: Parts[];
  try {
    all = await walk(dir, recursive, isPicture);
  } catch (error) {
    throw new DataError(
      `${caller}: dir must be a folder that can be read. Received: dir=${JSON.stringify(dir)} (${explainSystemError(error)}).`,
      dir,
      { cause: error },
    );
  }
  if (all.length === 0) {
    throw new DataError(
      `${caller}: dir must hold at least one picture (${endings.join(', ')}). Received: dir=${JSON.stringify(dir)} with none.`,
      dir,
    );
  }
  all.sort(compareParts);
  const chosen = spreadRows(all.length, limit).map((row) => all[row]!);
  const paths = chosen.map((parts) => join(dir, ...parts));
  if (!all.every((parts) => parts.length >= 2)) return { paths };
  const classNames = [...new Set(all.map((parts) => parts[0]!))];
  const numbers = new Map(classNames.map((name, i) => [name, i]));
  return { paths, classNames, labels: Int32Array.from(chosen, (parts) => numbers.get(parts[0]!)!) };
}
