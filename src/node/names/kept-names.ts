import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isObject } from '../../errors/checks.js';
import { DataError } from '../../errors/errors.js';
import { type FilePath, toFileName } from '../files/file-path.js';
import { explainSystemError, isSystemError } from '../files/system-error.js';
import { makeFolder, replaceFile } from '../files/write-durably.js';
import { waitForLock } from '../picture-index/storage/lock.js';
import { isPictureName, type PictureName } from './picture-name.js';

/** Beside the index, which is made again without it. */
const fileName = 'names.json';

const version = 1;

function textOf(names: readonly PictureName[]): string {
  const lines = names.map((name) => `    ${JSON.stringify(name)}`);
  return `{\n  "format": "simclr-ts names",\n  "version": ${version},\n  "names": [\n${lines.join(',\n')}\n  ]\n}\n`;
}

async function readFrom(caller: string, folder: string): Promise<PictureName[]> {
  const path = join(folder, fileName);
  const refuse = (what: string, cause?: unknown) =>
    new DataError(
      `${caller}: the kept names must be readable; correct the file, or remove it. Received: path=${JSON.stringify(path)} (${what}).`,
      path,
      { cause },
    );
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw refuse(isSystemError(error) ? explainSystemError(error) : 'it is not JSON', error);
  }
  if (!isObject(value) || !Array.isArray(value.names)) throw refuse('it holds no list of names');
  if (typeof value.version === 'number' && value.version > version) {
    throw refuse(`it is of version ${value.version}; update simclr-ts`);
  }
  const wrong = value.names.find((name) => !isPictureName(name));
  if (wrong !== undefined) throw refuse(`${JSON.stringify(wrong).slice(0, 100)} is not a path with a name`);
  return value.names as PictureName[];
}

/**
 * The names that people gave to the pictures of a folder, as {@link keepPictureNames} keeps them.
 *
 * @param location - The folder of the index, such as `photos/.simclr-ts`.
 * @returns Names, with paths relative to the folder of pictures; none where nothing is kept.
 * @throws `DataError` when the file cannot be read or does not hold names.
 * @example
 * const names = await keptPictureNames('photos/.simclr-ts');
 */
export async function keptPictureNames(location: FilePath): Promise<PictureName[]> {
  const caller = 'keptPictureNames';
  return readFrom(caller, toFileName(caller, 'location', location));
}

/**
 * Keeps names that people gave to pictures in `names.json`, beside the index. A path that has a name gets the new one; others
 * stay. The file is replaced as a whole, and several processes may add names at the same time.
 *
 * @param location - The folder of the index. Made if it is not there.
 * @param names - Paths relative to the folder of pictures, with forward slashes.
 * @returns All names that are kept now.
 * @throws `DataError` when the file cannot be written, as on a read-only or full disk, or what is there cannot be read.
 * @example
 * await keepPictureNames('photos/.simclr-ts', [{ path: 'cat.jpg', name: 'cat' }]);
 */
export async function keepPictureNames(
  location: FilePath,
  names: readonly PictureName[],
): Promise<PictureName[]> {
  const caller = 'keepPictureNames';
  const folder = toFileName(caller, 'location', location);
  const path = join(folder, fileName);
  try {
    await makeFolder(folder);
    const lock = await waitForLock(join(folder, 'names.lock'));
    try {
      const kept = new Map((await readFrom(caller, folder)).map((name) => [name.path, name]));
      for (const name of names) kept.set(name.path, name);
      const all = [...kept.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
      await replaceFile(path, textOf(all));
      return all;
    } finally {
      await lock.release();
    }
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new DataError(
      `${caller}: names must be kept in a file that can be written. Received: path=${JSON.stringify(path)} (${explainSystemError(error)}).`,
      path,
      { cause: error },
    );
  }
}
