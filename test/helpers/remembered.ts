import { version_core as tfjsVersion } from '@tensorflow/tfjs-core';

/** Where results are kept: outside the working tree's files, and gone with node_modules. */
const folder = 'node_modules/.cache/simclr-ts-references';

/** Node's own modules under names that no bundler follows, because these tests run in browsers, too. */
const nodeModule = <T>(name: string): Promise<T> => import(/* @vite-ignore */ `node:${name}`);

async function fileOf(key: string): Promise<string> {
  const { createHash } = await nodeModule<typeof import('node:crypto')>('crypto');
  return `${folder}/${createHash('sha256').update(key).digest('hex')}`;
}

/**
 * What `compute` gives, which plain JavaScript takes long for: computed once, and then read by every further build of the
 * kernels, Node, and number of threads that is compared with it. The key holds the text of `compute`, its arguments, and the
 * version of tfjs. In browsers it is computed each time.
 *
 * @param code - The functions that `compute` calls, whose text the key holds, too.
 */
export async function remembered(
  code: readonly ((...args: never[]) => unknown)[],
  args: unknown,
  compute: () => Promise<ArrayLike<number>[]> | ArrayLike<number>[],
): Promise<Float64Array[]> {
  const asNumbers = async () => (await compute()).map((values) => Float64Array.from(values));
  if (typeof process === 'undefined' || !process.versions?.node) return asNumbers();
  const key = JSON.stringify([tfjsVersion, String(compute), code.map(String), args]);
  const path = await fileOf(key);
  const { mkdir, readFile, rename, writeFile } =
    await nodeModule<typeof import('node:fs/promises')>('fs/promises');
  try {
    const bytes = Uint8Array.from(await readFile(path)).buffer;
    const [count] = new Float64Array(bytes, 0, 1);
    let offset = 8 * (1 + count!);
    return [...new Float64Array(bytes, 8, count)].map((length) => {
      const values = new Float64Array(bytes, offset, length);
      offset += 8 * length;
      return values;
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const all = await asNumbers();
  const parts = [Float64Array.of(all.length, ...all.map(({ length }) => length)), ...all];
  await mkdir(folder, { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  await writeFile(unfinished, Buffer.concat(parts.map((values) => new Uint8Array(values.buffer))));
  await rename(unfinished, path); // whole, or not there
  return all;
}
