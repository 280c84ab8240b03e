import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { describeValue, isObject } from '../../errors/checks.js';
import { DataError } from '../../errors/errors.js';
import { type FilePath, toFileName } from '../files/file-path.js';
import { explainSystemError, isSystemError } from '../files/system-error.js';
import { isPictureName, type PictureName } from './picture-name.js';

/** What stands in tables for null: none of the names. */
export const noneName = 'none of these';

type Refuse = (what: string, cause?: unknown) => DataError;

function nameOf(cell: string): string | null {
  return cell === noneName ? null : cell;
}

/**
 * The names in a table. Without a line of names above it, its columns are path and name. A row without a name is not named
 * yet; one whose `source` is "predicted" was not named by a person.
 */
async function fromTable(text: string, refuse: Refuse): Promise<PictureName[]> {
  const { default: Papa } = await import('papaparse');
  const { data, errors } = Papa.parse<string[]>(text.replace(/^\uFEFF/, ''), { skipEmptyLines: 'greedy' });
  // A list of one column has no delimiter to find, which is no error.
  const error = errors.find(({ code }) => code !== 'UndetectableDelimiter');
  if (error) throw refuse(`line ${(error.row ?? 0) + 1}: ${error.message}`);
  const head = data[0]?.map((cell) => cell.trim().toLowerCase()) ?? [];
  const hasHead = head.includes('path') && head.includes('name');
  const column = (name: string, otherwise: number) => (hasHead ? head.indexOf(name) : otherwise);
  const [path, name, source] = [column('path', 0), column('name', 1), column('source', -1)];
  const names: PictureName[] = [];
  for (const [line, row] of data.entries()) {
    if (hasHead && line === 0) continue;
    if (row.length <= path || row[path]!.trim() === '') throw refuse(`row ${line + 1} has no path`);
    if (row.length <= name) throw refuse(`row ${line + 1} has no name for ${describeValue(row[path])}`);
    const cell = row[name]!.trim();
    if (cell === '' || row[source] === 'predicted') continue;
    names.push({ path: row[path]!, name: nameOf(cell) });
  }
  return names;
}

/** The names in JSON: `{ path: name }`, `[{ path, name }]`, or `{ names: [{ path, name }] }`. */
function fromJSON(text: string, refuse: Refuse): PictureName[] {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw refuse('it is not JSON', error);
  }
  const list = isObject(value) && Array.isArray(value.names) ? value.names : value;
  const rows: unknown[] = Array.isArray(list)
    ? list
    : isObject(list)
      ? Object.entries(list).map(([path, name]) => ({ path, name }))
      : [list];
  return rows.map((row) => {
    if (!isPictureName(row)) throw refuse(`it holds ${shown(row)}, which is not a path with a name`);
    const { path, name, sha256 } = row;
    return {
      path,
      name: name === null ? null : nameOf(name.trim()),
      ...(sha256 !== undefined && { sha256 }),
    };
  });
}

const shown = (value: unknown) => JSON.stringify(value)?.slice(0, 100) ?? String(value);

/**
 * Reads names of pictures from a list.
 *
 * - `.json`: `{ "cat.jpg": "cat" }`, or `[{ "path": "cat.jpg", "name": "cat" }]`. null means none of the names.
 * - Any other ending: a table with commas, semicolons or tabs between its columns, `path` and `name`, with or without a
 *   line of column names. `none of these` means none of the names. Rows without a name are passed over, and rows whose
 *   column `source` says `predicted`.
 *
 * Texts are UTF-8; names are trimmed.
 *
 * @param file - A file name or `file:` URL.
 * @returns The names in the order of the list.
 * @throws `DataError` naming the file when it cannot be read, a row is not a path with a name, or a path has two names.
 * @example
 * const names = await readPictureNames('names.csv'); // [{ path: 'cat.jpg', name: 'cat' }, ...]
 */
export async function readPictureNames(file: FilePath): Promise<PictureName[]> {
  const caller = 'readPictureNames';
  const path = toFileName(caller, 'file', file);
  const refuse: Refuse = (what, cause) =>
    new DataError(
      `${caller}: file must be a list of paths with names. Received: path=${JSON.stringify(path)}, ${what}.`,
      path,
      { cause },
    );
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw refuse(isSystemError(error) ? explainSystemError(error) : (error as Error).message, error);
  }
  const names =
    extname(path).toLowerCase() === '.json' ? fromJSON(text, refuse) : await fromTable(text, refuse);
  const byPath = new Map<string, string | null>();
  for (const { path: picture, name } of names) {
    const before = byPath.get(picture);
    if (before !== undefined && before !== name) {
      throw refuse(`${describeValue(picture)} is named both ${shown(before)} and ${shown(name)}`);
    }
    byPath.set(picture, name);
  }
  return names;
}
