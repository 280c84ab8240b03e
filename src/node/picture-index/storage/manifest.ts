import { randomBytes } from 'node:crypto';
import { readdir, readFile, realpath, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isObject } from '../../../errors/checks.js';
import { DataError } from '../../../errors/errors.js';
import { explainSystemError } from '../../files/system-error.js';
import { makeFolder, replaceFile } from '../../files/write-durably.js';
import { damagedIndex } from './segment-file.js';

/** The model whose vectors an index holds. */
export interface IndexedModel {
  /** `'fitted'`: a network that was not trained, fitted to the folder's own pictures. `'given'`: a model of yours. */
  kind: 'fitted' | 'given';
  /** What the caller calls it, such as the folder that it was loaded from. */
  name?: string;
  /** SHA-256 of its weights, shapes and normalization. */
  fingerprint: string;
  /** Whether the vectors are the model's h, or those of a read-out. */
  at: 'h' | 'readout';
  /** Length of a vector. */
  dim: number;
  /** `[height, width, channels]` of the pictures that it takes. */
  inputShape: [number, number, number];
  /** How many pictures it was fitted to, if it was. */
  fittedTo?: number;
}

/** The file that says what an index holds. */
export interface Manifest {
  format: 'simclr-ts index';
  version: 1;
  /** Name of the folder with the vectors. A rebuild makes another. */
  generation: string;
  model: IndexedModel;
  /** The folder of the pictures, where the index is not inside it. */
  folder?: string;
}

const manifestFile = 'index.json';

/** Name of the folder of an index inside the folder of pictures. Readers of folders pass over hidden ones. */
export const indexFolderName = '.simclr-ts';

export const generationPattern = /^[0-9a-f]{16}$/;

export const newGeneration = () => randomBytes(8).toString('hex');

function isManifest(value: unknown): value is Manifest {
  if (!isObject(value) || !isObject(value.model)) return false;
  const { generation, model, folder } = value;
  return (
    typeof generation === 'string' &&
    generationPattern.test(generation) &&
    ['fitted', 'given'].includes(model.kind as string) &&
    typeof model.fingerprint === 'string' &&
    ['h', 'readout'].includes(model.at as string) &&
    Number.isInteger(model.dim) &&
    (model.dim as number) > 0 &&
    Array.isArray(model.inputShape) &&
    model.inputShape.length === 3 &&
    ['undefined', 'string'].includes(typeof model.name) &&
    ['undefined', 'string'].includes(typeof folder)
  );
}

/**
 * Reads what an index says of itself.
 *
 * @returns `undefined` when there is none.
 * @throws `DataError` when it cannot be read, is damaged, or was written by a later version.
 */
export async function readManifest(caller: string, location: string): Promise<Manifest | undefined> {
  const path = join(location, manifestFile);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new DataError(
      `${caller}: the index must be readable. Received: path=${JSON.stringify(path)} (${explainSystemError(error)}).`,
      path,
      { cause: error },
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damagedIndex(caller, path, 'which is not JSON', error);
  }
  if (isObject(value) && typeof value.version === 'number' && value.version > 1) {
    throw new DataError(
      `${caller}: the index must be of version 1. Received: path=${JSON.stringify(path)} of version ${value.version}; update simclr-ts, or rebuild the index.`,
      path,
    );
  }
  if (!isManifest(value)) throw damagedIndex(caller, path, 'which lacks what an index says of itself');
  return value;
}

/** Puts a manifest in place. The lock must be held. */
export async function writeManifest(location: string, manifest: Manifest): Promise<void> {
  await replaceFile(join(location, manifestFile), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Makes the folder of a generation. */
export async function makeGeneration(location: string, generation: string): Promise<string> {
  const folder = join(location, generation);
  await makeFolder(location);
  await makeFolder(folder);
  return folder;
}

/** Removes generations that the manifest does not name: of a rebuild, or of a process that was killed. */
export async function removeOtherGenerations(location: string, generation: string): Promise<void> {
  for (const name of await readdir(location)) {
    if (!generationPattern.test(name) || name === generation) continue;
    await rm(join(location, name), { recursive: true, force: true });
  }
}

/**
 * Refuses an index of another folder, which would otherwise lose all it holds. An index whose folder was moved is accepted.
 *
 * @throws `DataError` naming the other folder.
 */
export async function checkFolder(
  caller: string,
  location: string,
  { folder }: Manifest,
  dir: string,
): Promise<void> {
  if (folder === undefined || folder === (await realpath(dir).catch(() => dir))) return;
  if (!(await stat(folder).catch(() => undefined))) return;
  throw new DataError(
    `${caller}: location must be an index of this folder; give another location, or rebuild: true. Received: location=${JSON.stringify(location)}, which holds that of ${JSON.stringify(folder)}.`,
    location,
  );
}
