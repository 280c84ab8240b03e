import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { memory, mul } from '@tensorflow/tfjs-core';
import type { SimCLR } from 'simclr-ts';
import { fitReadout } from 'simclr-ts/features';
import { decodeImage, findIndex, type IndexFolderOptions, imageFolder, indexFolder } from 'simclr-ts/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectTensors } from '../../helpers/leaks.js';
import { tinyPictures, tinySimCLR } from '../../training/tiny.js';
import { temporaryFolder } from '../temporary.js';
import { writePictures } from './pictures.js';

let model: SimCLR;
beforeAll(() => {
  model = tinySimCLR();
});
afterAll(() => model.dispose());

const names = ['a.png', 'b.png', 'sub/c.png', 'sub/d.png', 'ж/図 1.png'];

async function folderOf(files: readonly string[] = names): Promise<string> {
  const folder = temporaryFolder();
  await writePictures(folder, files);
  return folder;
}

/** What an update says and holds. */
async function update(folder: string, options: IndexFolderOptions = {}) {
  return expectTensors(0, async () => {
    const index = await indexFolder(folder, { model, ...options });
    index.dispose();
    const paths = index.paths.map((path) => path.slice(folder.length + 1));
    return {
      ...index.changes,
      paths,
      vectors: index.vectors,
      skipped: index.skipped,
      unsaved: index.unsaved,
    };
  });
}

const segmentsOf = (folder: string) => {
  const location = join(folder, '.simclr-ts');
  const { generation } = JSON.parse(readFileSync(join(location, 'index.json'), 'utf8'));
  return readdirSync(join(location, generation))
    .filter((name) => name.endsWith('.parquet'))
    .map((name) => join(location, generation, name));
};

describe('an index', () => {
  it('holds what the model gives, in the order of the names', async () => {
    const folder = await folderOf();
    const { paths, vectors, ...changes } = await update(folder, { batchSize: 2 });
    expect(changes).toMatchObject({
      embedded: 5,
      reused: 0,
      renamed: 0,
      removed: 0,
      pending: 0,
      skipped: [],
    });
    expect(paths).toEqual(names);
    expect(vectors.shape).toEqual([5, 8]);
    for (const [row, name] of names.entries()) {
      const { data, shape } = await decodeImage(join(folder, name), { size: 8 });
      const h = await model.embed({ data, shape: [1, ...shape] });
      const expected = await h.data<'float32'>();
      h.dispose();
      for (const [i, value] of expected.entries()) expect(vectors.data[8 * row + i]).toBeCloseTo(value, 5);
    }
  });

  it('holds the vectors of a read-out, which are not those of its model', async () => {
    const folder = await folderOf();
    const readout = await fitReadout(model, tinyPictures(20), { dim: 5 });
    expect(await update(folder, { model: readout })).toMatchObject({
      embedded: 5,
      vectors: { shape: [5, readout.dim] },
    });
    expect(await update(folder, { model: readout })).toMatchObject({ embedded: 0, reused: 5 });
    expect(await findIndex(folder)).toMatchObject({
      model: { kind: 'given', at: 'readout', dim: readout.dim },
    });
    readout.dispose();
    await expect(indexFolder(folder, { model })).rejects.toThrow(/model must be the one whose vectors/);
  });

  it('embeds nothing again, and gives the same vectors', async () => {
    const folder = await folderOf();
    const first = await update(folder);
    const before = segmentsOf(folder);
    const second = await update(folder);
    expect(second).toMatchObject({ embedded: 0, reused: 5, renamed: 0, removed: 0 });
    expect(second.vectors).toEqual(first.vectors);
    expect(segmentsOf(folder)).toEqual(before);
  });

  it('embeds what is new or changed, and drops what is gone, once', async () => {
    const folder = await folderOf();
    const first = await update(folder);
    await writePictures(folder, ['sub/new.png', 'a.png'], 2);
    rmSync(join(folder, 'sub/d.png'));
    const second = await update(folder);
    expect(second).toMatchObject({ embedded: 2, reused: 3, renamed: 0, removed: 1 });
    expect(second.paths).toEqual(['a.png', 'b.png', 'sub/c.png', 'sub/new.png', 'ж/図 1.png']);
    expect(second.vectors.data.subarray(8, 24)).toEqual(first.vectors.data.subarray(8, 24));
    expect(second.vectors.data.subarray(0, 8)).not.toEqual(first.vectors.data.subarray(0, 8));
    expect(await update(folder)).toMatchObject({ embedded: 0, reused: 5, removed: 0 });
  });

  it('recognizes files that were renamed, copied or touched by their contents', async () => {
    const folder = await folderOf();
    const first = await update(folder);
    renameSync(join(folder, 'a.png'), join(folder, 'z.png'));
    copyFileSync(join(folder, 'b.png'), join(folder, 'copy of b.png'));
    utimesSync(join(folder, 'sub/c.png'), 1, 1);
    const second = await update(folder);
    expect(second).toMatchObject({ embedded: 0, reused: 6, renamed: 1, removed: 0 });
    expect(second.paths).toEqual(['b.png', 'copy of b.png', 'sub/c.png', 'sub/d.png', 'z.png', 'ж/図 1.png']);
    const row = (index: number) => second.vectors.data.subarray(8 * index, 8 * index + 8);
    expect(row(4)).toEqual(first.vectors.data.subarray(0, 8));
    expect(row(1)).toEqual(row(0));
    expect(await update(folder)).toMatchObject({ embedded: 0, reused: 6, renamed: 0, removed: 0 });
  });

  it('brings back a picture that was away', async () => {
    const folder = await folderOf();
    await update(folder);
    const away = join(temporaryFolder(), 'a.png');
    renameSync(join(folder, 'a.png'), away);
    expect(await update(folder)).toMatchObject({ removed: 1, reused: 4 });
    renameSync(away, join(folder, 'a.png'));
    expect(await update(folder)).toMatchObject({ embedded: 0, reused: 5 });
  });

  it('remembers broken files until they change', async () => {
    const folder = await folderOf();
    writeFileSync(join(folder, 'broken.png'), 'no picture');
    const first = await update(folder);
    expect(first).toMatchObject({ embedded: 5, pending: 0 });
    expect(first.skipped).toEqual([
      { path: join(folder, 'broken.png'), reason: expect.stringMatching(/unsupported/) },
    ]);
    const before = segmentsOf(folder);
    const second = await update(folder);
    expect(second).toMatchObject({ embedded: 0, reused: 5, skipped: first.skipped });
    expect(segmentsOf(folder)).toEqual(before);
    await writePictures(folder, ['broken.png'], 3);
    expect(await update(folder)).toMatchObject({ embedded: 1, reused: 5, skipped: [] });
  });

  it('remembers unreadable files until their mode changes', async ({ skip }) => {
    if (process.getuid?.() === 0) return skip('root may read every file');
    const folder = await folderOf();
    chmodSync(join(folder, 'a.png'), 0);
    expect(await update(folder)).toMatchObject({
      embedded: 4,
      skipped: [{ reason: 'permission denied (EACCES)' }],
    });
    chmodSync(join(folder, 'a.png'), 0o644);
    expect(await update(folder)).toMatchObject({ embedded: 1, reused: 4, skipped: [] });
  });

  it('takes links in a circle, and tells of links that lead nowhere', async () => {
    const folder = await folderOf();
    symlinkSync('..', join(folder, 'sub/up'));
    symlinkSync('nowhere.png', join(folder, 'lost.png'));
    symlinkSync('self.png', join(folder, 'self.png'));
    const { paths, skipped } = await update(folder);
    expect(paths).toEqual(names);
    expect(skipped.map(({ path }) => path)).toEqual(
      ['lost.png', 'self.png'].map((name) => join(folder, name)),
    );
  });

  it('is passed over by readers of folders', async () => {
    const folder = await folderOf();
    await update(folder);
    copyFileSync(join(folder, 'a.png'), join(folder, '.simclr-ts/a.png'));
    expect((await imageFolder(folder, { size: 8 })).paths).toHaveLength(5);
  });

  it('may lie elsewhere, and is not taken for another folder', async () => {
    const [folder, other] = [await folderOf(), await folderOf(['x.png', 'y.png'])];
    const location = join(temporaryFolder(), 'deep/index');
    await update(folder, { location });
    expect(existsSync(join(folder, '.simclr-ts'))).toBe(false);
    expect(await findIndex(folder)).toBeUndefined();
    expect(await findIndex(folder, { location })).toMatchObject({
      location,
      model: { kind: 'given', dim: 8 },
    });
    await expect(indexFolder(other, { model, location })).rejects.toThrow(
      `indexFolder: location must be an index of this folder; give another location, or rebuild: true. Received: location="${location}", which holds that of "${folder}".`,
    );
    const moved = `${folder}-moved`;
    renameSync(folder, moved);
    expect(await update(moved, { location })).toMatchObject({ embedded: 0, reused: 5 });
    renameSync(moved, folder);
  });
});

describe('parts of a folder', () => {
  it('are embedded by shards, also at the same time', async () => {
    const many = Array.from({ length: 30 }, (_, i) => `${i}.png`);
    const folder = await folderOf(many);
    await update(folder, { shard: { index: 0, count: 3 } });
    const shards = await Promise.all(
      [1, 2].map((index) => indexFolder(folder, { model, batchSize: 4, shard: { index, count: 3 } })),
    );
    for (const shard of shards) shard.dispose();
    const embedded = shards.map(({ changes }) => changes.embedded);
    const whole = await update(folder);
    expect(whole).toMatchObject({ embedded: 0, reused: 30, pending: 0 });
    expect(Math.min(...embedded)).toBeGreaterThan(0);
    expect(embedded[0]! + embedded[1]!).toBeLessThan(30);
    const alone = await update(folder, { location: join(temporaryFolder(), 'other') });
    for (const [i, value] of alone.vectors.data.entries())
      expect(whole.vectors.data[i]).toBeCloseTo(value, 5);
  });

  it('says how many are left to others', async () => {
    const folder = await folderOf();
    const { embedded, pending } = await update(folder, { shard: { index: 1, count: 2 } });
    expect(embedded).toBeGreaterThan(0);
    expect(embedded + pending).toBe(5);
  });

  it('are kept when a signal ends the update', async () => {
    const folder = await folderOf();
    const controller = new AbortController();
    const first = await update(folder, {
      batchSize: 2,
      signal: controller.signal,
      onProgress: (done, total) => {
        expect(total).toBe(5);
        if (done === 2) controller.abort();
      },
    });
    expect(first).toMatchObject({ embedded: 2, pending: 3, paths: names.slice(0, 2) });
    expect(await update(folder)).toMatchObject({ embedded: 3, reused: 2 });
  });

  it('are merged when there are many', async () => {
    const many = Array.from({ length: 40 }, (_, i) => `${i}.png`);
    const folder = await folderOf(many);
    const first = await update(folder, { batchSize: 1 });
    expect(segmentsOf(folder)).toHaveLength(1);
    for (const name of many.slice(0, 20)) rmSync(join(folder, name));
    const second = await update(folder);
    expect(second).toMatchObject({ removed: 20, reused: 20 });
    const left = many.slice(20).sort();
    expect(second.paths).toEqual(left);
    const sorted = [...many].sort();
    for (const [row, name] of left.entries()) {
      const before = 8 * sorted.indexOf(name);
      expect(second.vectors.data.subarray(8 * row, 8 * row + 8)).toEqual(
        first.vectors.data.subarray(before, before + 8),
      );
    }
  });
});

describe('refuses', () => {
  it('the index of another model, and rebuilds it on demand', async () => {
    const folder = await folderOf();
    await update(folder, { modelName: 'first' });
    const other = tinySimCLR();
    const [kernel] = other.encoder.getWeights();
    other.encoder.layers[0]!.setWeights([mul(kernel!, 2), other.encoder.getWeights()[1]!]);
    await expect(indexFolder(folder, { model: other })).rejects.toThrow(
      /^indexFolder: model must be the one whose vectors the index holds; .*the index in ".*" of the model "first" \(8 numbers, fingerprint [0-9a-f]{12}\)\.$/,
    );
    await expect(indexFolder(folder)).rejects.toThrow(
      /^indexFolder: model must be the one .*Received: no model/,
    );
    const rebuilt = await indexFolder(folder, { model: other, rebuild: true });
    rebuilt.dispose();
    expect(rebuilt.changes).toMatchObject({ embedded: 5, reused: 0 });
    other.dispose();
    expect(readdirSync(join(folder, '.simclr-ts'))).toHaveLength(2);
  });

  it.each(['cut off', 'changed', 'empty'])('a segment that is %s, and rebuilds on demand', async (damage) => {
    const folder = await folderOf();
    await update(folder);
    const [segment] = segmentsOf(folder);
    const bytes = readFileSync(segment!);
    if (damage === 'changed') bytes[20]! ^= 1;
    writeFileSync(segment!, damage === 'cut off' ? bytes.subarray(0, 200) : damage === 'empty' ? '' : bytes);
    await expect(indexFolder(folder, { model })).rejects.toMatchObject({
      name: 'DataError',
      path: segment,
      message: expect.stringMatching(
        /^indexFolder: the index must be whole; rebuild: true makes it from the pictures again\. Received: path=/,
      ),
    });
    expect(await update(folder, { rebuild: true })).toMatchObject({ embedded: 5 });
    expect(await update(folder)).toMatchObject({ reused: 5 });
  });

  it.each(['', '{', '{"format":"simclr-ts index","version":1}', '[]'])('a manifest %j', async (text) => {
    const folder = await folderOf();
    await update(folder);
    writeFileSync(join(folder, '.simclr-ts/index.json'), text);
    await expect(indexFolder(folder, { model })).rejects.toThrow(/^indexFolder: the index must be whole/);
    expect(await update(folder, { rebuild: true })).toMatchObject({ embedded: 5 });
  });

  it('a manifest of a later version', async () => {
    const folder = await folderOf();
    await update(folder);
    writeFileSync(join(folder, '.simclr-ts/index.json'), '{"version":2}');
    await expect(indexFolder(folder, { model })).rejects.toThrow(/of version 2; update simclr-ts/);
  });

  it('a place that cannot be written, unless it need not be', async () => {
    const folder = await folderOf();
    writeFileSync(join(folder, 'file'), '');
    await expect(indexFolder(folder, { model, location: join(folder, 'file/index') })).rejects.toThrow(
      /^indexFolder: location must be a folder that can be written; give another one .*ENOTDIR/,
    );
  });

  it('a folder without pictures', async () => {
    await expect(indexFolder(temporaryFolder(), { model })).rejects.toThrow(/must hold at least one picture/);
  });

  it('a model that gives NaN, and stores nothing of it', async () => {
    const folder = await folderOf();
    const broken = tinySimCLR();
    const [kernel, bias] = broken.encoder.layers[0]!.getWeights();
    broken.encoder.layers[0]!.setWeights([mul(kernel!, Number.NaN), bias!]);
    await expect(indexFolder(folder, { model: broken })).rejects.toThrow(
      `indexFolder: the model must give finite numbers; its training went wrong, or its weights are damaged. Received: NaN in the vector of ${JSON.stringify(join(folder, 'a.png'))}.`,
    );
    broken.dispose();
    expect(segmentsOf(folder)).toEqual([]);
  });
});

describe('a lock', () => {
  it('of a process that is no more does not hold anybody up', async () => {
    const folder = await folderOf();
    mkdirSync(join(folder, '.simclr-ts'));
    const { hostname } = await import('node:os');
    const dead = { pid: 2 ** 22 + 1, host: hostname(), id: 'x' };
    writeFileSync(join(folder, '.simclr-ts/lock'), JSON.stringify(dead));
    expect(await update(folder)).toMatchObject({ embedded: 5 });
    expect(existsSync(join(folder, '.simclr-ts/lock'))).toBe(false);
  });

  it('of another machine is waited for, until a signal ends the wait or it is old', async () => {
    const folder = await folderOf();
    mkdirSync(join(folder, '.simclr-ts'));
    const lock = join(folder, '.simclr-ts/lock');
    writeFileSync(lock, JSON.stringify({ pid: 1, host: 'elsewhere', id: 'x' }));
    await expect(indexFolder(folder, { model, signal: AbortSignal.timeout(300) })).rejects.toThrow(
      /timeout|abort/i,
    );
    const old = Date.now() / 1000 - 3600;
    utimesSync(lock, old, old);
    expect(await update(folder)).toMatchObject({ embedded: 5 });
  });
});

describe('without a model', () => {
  it('a network is fitted to the pictures, kept, and used again', async () => {
    const many = Array.from({ length: 20 }, (_, i) => `${i}.png`);
    const folder = await folderOf(many);
    const before = memory().numTensors;
    const index = await indexFolder(folder);
    expect(index.model).toMatchObject({ kind: 'fitted', fittedTo: 20, inputShape: [32, 32, 3] });
    expect(index.changes).toMatchObject({ embedded: 20 });
    const [dim] = [index.model.dim];
    expect(dim).toBeGreaterThan(1);
    index.dispose();
    expect(memory().numTensors).toBe(before);
    await writePictures(folder, ['new.png'], 9);
    const again = await indexFolder(folder);
    expect(again.model).toEqual(index.model);
    expect(again.changes).toMatchObject({ embedded: 1, reused: 20 });
    // The same picture, through the network that was loaded.
    const query = await again.embed([join(folder, '7.png')]);
    const { indices, similarities } = await again.search(query, 3);
    expect(again.paths[indices[0]!]).toBe(join(folder, '7.png'));
    expect(similarities[0]).toBeCloseTo(1, 4);
    again.dispose();
    expect(memory().numTensors).toBe(before);
    await expect(again.search(query, 1)).rejects.toThrow(/must not be disposed/);
    await expect(indexFolder(folder, { model })).rejects.toThrow(/of a network fitted to the folder/);
  });

  it('pictures that do not differ are refused', async () => {
    const folder = await folderOf(['a.png']);
    copyFileSync(join(folder, 'a.png'), join(folder, 'b.png'));
    await expect(indexFolder(folder)).rejects.toThrow(
      /^indexFolder: without a model, dir must hold pictures that differ from one another/,
    );
  });
});
