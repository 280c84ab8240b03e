import { dirname, join, resolve } from 'node:path';
import { keepPictureNames, keptPictureNames, type PictureName, readPictureNames } from 'simclr-ts/node';
import { isError } from '../../../errors/is-error.js';
import { indexFolderName } from '../../../node/picture-index/storage/manifest.js';
import type { Context } from '../../context.js';
import type { FolderVectors } from '../vectors/folder-vectors.js';
import { pathInFolder, rowFinder } from './find-rows.js';
import { keywordNames } from './keyword-names.js';
import type { LabelOptions } from './label-options.js';

/** Where a name comes from. */
export type NameSource = 'folder' | 'keyword' | 'kept' | 'given';

/** A row that a person named. */
export interface NamedRow {
  name: string | null;
  source: NameSource;
}

/** What is known of a folder's pictures. */
export interface CollectedNames {
  /** By row. */
  rows: Map<number, NamedRow>;
  /** Paths in the list that are no picture with a vector. */
  missing: string[];
  /** Kept names whose picture is not there now. */
  absent: number;
  /** Names that replaced kept ones. */
  corrected: number;
  /** Pictures with several keywords that could be their name. */
  ambiguous: string[];
  /** Where names are kept. */
  location: string;
}

const listedAtMost = 20;

function listed(paths: readonly string[]): string {
  const rest = paths.length - listedAtMost;
  const lines = paths.slice(0, listedAtMost).map((path) => `  ${path}`);
  if (rest > 0) lines.push(`  and ${rest} more; --json lists all`);
  return lines.join('\n');
}

/** Keeps names, or says that they cannot be kept. */
async function keep(location: string, names: readonly PictureName[], context: Context): Promise<void> {
  try {
    await keepPictureNames(location, names);
  } catch (error) {
    if (!isError(error, 'DataError')) throw error;
    const reason = /\(([^()]*\([^()]*\)|[^()]*)\)\.$/.exec(error.message)?.[1] ?? error.message;
    context.warn(
      `The names cannot be kept in ${location} (${reason}): they are used now, and must be given again next time.`,
    );
  }
}

/** Names that need no vectors. */
export interface ListedNames {
  /** Where names are kept. */
  location: string;
  /** What `--names` gives now. */
  given: PictureName[];
  kept: PictureName[];
}

/** Reads the lists of names: before pictures are embedded, so that a wrong one is reported at once. */
export async function listNames(dir: string, { index, names }: LabelOptions): Promise<ListedNames> {
  const location = resolve(typeof index === 'string' ? index : join(dir, indexFolderName));
  const given = names === undefined ? [] : await readPictureNames(names);
  return { location, given, kept: await keptPictureNames(location) };
}

/** Collects the names of pictures: of folders, of keywords, kept ones, and those of a list, of which later ones win. */
export async function collectNames(
  dir: string,
  found: FolderVectors,
  { location, given, kept }: ListedNames,
  { fromFolders, fromKeywords }: LabelOptions,
  context: Context,
): Promise<CollectedNames> {
  const finder = rowFinder(dir, found);
  const rows = new Map<number, NamedRow>();
  if (fromFolders) {
    for (const [row, path] of found.paths.entries()) {
      const folder = pathInFolder(dir, dirname(path));
      if (folder !== '') rows.set(row, { name: folder, source: 'folder' });
    }
  }
  let ambiguous: string[] = [];
  if (fromKeywords !== undefined) {
    const read = await keywordNames(found.paths, fromKeywords);
    ambiguous = read.ambiguous;
    for (const [row, name] of read.names) rows.set(row, { name, source: 'keyword' });
    if (read.skipped.length > 0) {
      const lines = listed(read.skipped.map(({ path, reason }) => `${path}: ${reason}`));
      context.warn(`The keywords of ${read.skipped.length} pictures cannot be read:\n${lines}`);
    }
    if (ambiguous.length > 0) {
      context.warn(
        `${ambiguous.length} pictures have several keywords that could be their name, and count as not named. ` +
          `\`--from-keywords cat,dog\` says which keywords are names:\n${listed(ambiguous)}`,
      );
    }
  }
  let absent = 0;
  for (const each of kept) {
    const row = finder.rowOf(each);
    if (row === undefined) absent++;
    else rows.set(row, { name: each.name, source: 'kept' });
  }
  const missing: string[] = [];
  const toKeep: PictureName[] = [];
  let corrected = 0;
  for (const each of given) {
    const row = finder.rowOf(each);
    if (row === undefined) {
      missing.push(each.path);
      continue;
    }
    const before = rows.get(row);
    if (before?.source === 'kept' && before.name !== each.name) corrected++;
    rows.set(row, { name: each.name, source: 'given' });
    const sha256 = found.hashes?.[row];
    toKeep.push({
      path: pathInFolder(dir, found.paths[row]!),
      name: each.name,
      ...(sha256 !== undefined && { sha256 }),
    });
  }
  if (missing.length > 0) {
    const what = missing.length === 1 ? '1 name is of a file' : `${missing.length} names are of files`;
    context.warn(`${what} that ${dir} does not hold as a whole picture:\n${listed(missing)}`);
  }
  if (toKeep.length > 0) await keep(location, toKeep, context);
  return { rows, missing, absent, corrected, ambiguous, location };
}
