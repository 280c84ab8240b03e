import { dirname, extname, relative } from 'node:path';
import type { EmbeddingArray } from 'simclr-ts';
import type { SelectDiverseOptions } from 'simclr-ts/evaluation';
import { CommandError, exitCodes } from '../../exit-codes.js';
import { checkPicture } from '../vectors/embed-pictures.js';
import type { FolderOptions, FolderVectors } from '../vectors/folder-vectors.js';

/** Options of `select`. */
export interface SelectOptions extends FolderOptions {
  count?: number;
  method: NonNullable<SelectDiverseOptions['method']>;
  near?: string[];
  pool?: number;
  unlike?: string[];
  balanced?: boolean;
  out?: string;
  copy?: string;
}

const outputs = ['.csv', '.json', '.html'];

/** @throws {@link CommandError} before any work, when the command line or an example is wrong. */
export async function checkSelectOptions({ count, near, pool, unlike, out }: SelectOptions): Promise<void> {
  if (count === undefined) {
    throw new CommandError('--count N is required: how many pictures to select.', exitCodes.usage);
  }
  if (pool !== undefined && near === undefined) {
    throw new CommandError('--pool needs --near: how many pictures are near enough.', exitCodes.usage);
  }
  if (out !== undefined && !outputs.includes(extname(out))) {
    throw new CommandError(
      `--out must end with ${outputs.join(', ')}. Received: ${JSON.stringify(out)}.`,
      exitCodes.usage,
    );
  }
  for (const example of [...(near ?? []), ...(unlike ?? [])]) await checkPicture(example);
}

/** Vectors of example pictures, a row each. */
async function exampleVectors(found: FolderVectors, paths: readonly string[]): Promise<EmbeddingArray> {
  const data = new Float32Array(paths.length * found.dim);
  for (const [row, path] of paths.entries()) {
    const vector = (await found.embed(path)).data;
    if (vector.every((value) => value === 0)) {
      throw new CommandError(
        `The vector of ${path} must not be zero, because zero has no direction to compare.`,
        exitCodes.model,
      );
    }
    data.set(vector, row * found.dim);
  }
  return { data, shape: [paths.length, found.dim] };
}

/** A number for each folder that pictures lie in. */
function folderNumbers(dir: string, paths: readonly string[]): { numbers: Int32Array; names: string[] } {
  const byName = new Map<string, number>();
  const numbers = Int32Array.from(paths, (path) => {
    const name = relative(dir, dirname(path)) || '.';
    const number = byName.get(name) ?? byName.size;
    byName.set(name, number);
    return number;
  });
  return { numbers, names: [...byName.keys()] };
}

/** What the library is asked, as far as the folder has so many pictures. */
export async function selectionOf(
  dir: string,
  found: FolderVectors,
  { count, method, near, pool, unlike, balanced }: SelectOptions,
): Promise<{ options: SelectDiverseOptions; folders?: string[] }> {
  const total = found.paths.length;
  const taken = Math.min(count!, total);
  const folders = balanced ? folderNumbers(dir, found.paths) : undefined;
  return {
    options: {
      count: taken,
      method,
      ...(near && { near: await exampleVectors(found, near) }),
      ...(pool !== undefined && { pool: Math.min(total, Math.max(taken, pool)) }),
      ...(unlike && { unlike: await exampleVectors(found, unlike) }),
      ...(folders && { groups: folders.numbers }),
    },
    ...(folders && { folders: folders.names }),
  };
}
