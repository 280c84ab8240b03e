import { copyFileSync, linkSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import type { EmbeddingArray, ImageArray } from 'simclr-ts';
import { InvalidOptionError } from 'simclr-ts/errors';
import { decodeImage, findStacks, type PictureVectors } from 'simclr-ts/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changedCopies, changes, openToCopy } from '../../../src/node/stacks/changed-copies.js';
import { randomGenerator } from '../../../src/random/index.js';
import { expectTensors } from '../../helpers/leaks.js';
import { changesOfScenes, scene } from '../../helpers/scenes.js';
import { temporaryFolder } from '../temporary.js';

const side = 32;
const cells = 8;
const dim = cells * cells * 3;

/** Pixels as vectors, averaged on a grid: a network that needs no training. */
async function embed({ data, shape: [count] }: ImageArray): Promise<EmbeddingArray> {
  const vectors = new Float32Array(count * dim);
  const cell = side / cells;
  for (let i = 0; i < data.length; i++) {
    const [pixel, channel] = [Math.floor(i / 3), i % 3];
    const [x, y] = [pixel % side, Math.floor(pixel / side) % side];
    const place = Math.floor(y / cell) * cells + Math.floor(x / cell);
    vectors[Math.floor(pixel / side ** 2) * dim + 3 * place + channel]! += data[i]! / (255 * cell * cell);
  }
  return { data: vectors, shape: [count, dim] };
}

async function vectorsOf(paths: readonly string[]): Promise<PictureVectors> {
  const data = new Float32Array(paths.length * dim);
  for (const [row, path] of paths.entries()) {
    const decoded = await decodeImage(path, { size: side });
    data.set((await embed({ data: decoded.data, shape: [1, side, side, 3] })).data, row * dim);
  }
  return {
    paths,
    hashes: undefined,
    vectors: { data, shape: [paths.length, dim] },
    inputSize: [side, side],
    embed,
  };
}

const count = 60;
const changedScenes = 6;
let folder = '';
/** Pictures of all scenes; some scenes have changed copies, a variant, a copy and a link, and some a near miss. */
const truth = { same: new Map<string, string[]>(), variants: [] as string[], misses: [] as string[] };
let paths: string[] = [];
let pictures: PictureVectors;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'simclr-ts-stacks-'));
  const write = async (name: string, bytes: Promise<Buffer>) => {
    writeFileSync(join(folder, name), await bytes);
    paths.push(join(folder, name));
    return join(folder, name);
  };
  for (let i = 0; i < count; i++) {
    const number = String(i).padStart(2, '0');
    const original = await write(`${number}.png`, (await scene(i)).png().toBuffer());
    if (i >= changedScenes) continue;
    const group = [original];
    for (const [name, change] of Object.entries(changesOfScenes)) {
      group.push(await write(`${number}-${name}`, change(await scene(i))));
    }
    truth.same.set(original, group);
    truth.misses.push(await write(`${number}-miss.png`, (await scene(i, { others: 5 })).png().toBuffer()));
  }
  truth.variants = [await write('30-burst.png', (await scene(30, { moved: 5 })).png().toBuffer())];
  copyFileSync(join(folder, '40.png'), join(folder, '40-copy.png'));
  linkSync(join(folder, '41.png'), join(folder, '41-link.png'));
  paths.push(join(folder, '40-copy.png'), join(folder, '41-link.png'));
  paths = paths.sort();
  pictures = await vectorsOf(paths);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('findStacks', () => {
  it('puts changed copies together, and keeps near misses apart', async () => {
    const found = await expectTensors(0, () => findStacks(pictures, { level: 'same' }));
    expect(found.variants).toBeUndefined();
    expect(found.same!.precision).toBeGreaterThanOrEqual(0.99);
    expect(Object.keys(found.same!.changes)).toEqual(Object.keys(changes.same));
    const stackOf = new Map<string, number>();
    for (const [i, { shots, level }] of found.stacks.entries()) {
      expect(shots).toHaveLength(1);
      expect(['same', 'copies']).toContain(level);
      for (const { path } of shots[0]!.pictures) stackOf.set(path, i);
    }
    let together = 0;
    for (const [original, group] of truth.same) {
      together += group.filter(
        (path) => path !== original && stackOf.get(path) === stackOf.get(original),
      ).length;
    }
    // 6 scenes with 9 changed copies each. Whitened pixels miss a few that are turned.
    expect(together / (changedScenes * 9)).toBeGreaterThan(0.85);
    for (const path of truth.misses) expect(stackOf.has(path)).toBe(false);
    // A burst may be taken for the same picture; nothing else that is in no group may.
    const known = new Set([...truth.same.values()].flat());
    const unknown = [...stackOf.keys()].filter((path) => !known.has(path) && !/(30|40)[^/]*$/.test(path));
    expect(unknown).toEqual([]);
  });

  it('says which to keep, what has the same bytes, and takes links for no copies', async () => {
    const { stacks, links, same } = await findStacks(pictures, { level: 'copies' });
    expect(same).toBeUndefined();
    expect(links).toEqual([{ path: join(folder, '41.png'), of: join(folder, '41-link.png') }]);
    expect(stacks).toHaveLength(1);
    const [{ level, shots }] = stacks as [(typeof stacks)[0]];
    expect(level).toBe('copies');
    expect(shots[0]!.pictures.map(({ keep, equal, similarity }) => ({ keep, equal, similarity }))).toEqual([
      { keep: true, equal: true, similarity: 1 },
      { keep: false, equal: true, similarity: 1 },
    ]);
    const all = await findStacks(pictures, { level: 'same', sample: 50 });
    const scene0 = all.stacks.find(({ shots: [shot] }) =>
      shot!.pictures.some(({ path }) => path.endsWith('/00.png')),
    )!;
    const [kept, ...others] = scene0.shots[0]!.pictures;
    expect(kept).toMatchObject({ width: 256, height: 192, keep: true });
    for (const other of others) {
      expect(other.keep).toBe(false);
      if (other.width === 256) expect(other.bytes).toBeLessThanOrEqual(kept!.bytes);
    }
    const sizes = scene0.shots[0]!.pictures.map(({ width, height }) => width * height);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
  });

  it('looks for variants among what is left', async () => {
    const { stacks, same, variants } = await findStacks(pictures, { sample: 50 });
    expect(Object.keys(variants!.changes)).toEqual(Object.keys(changes.variants));
    const loosest = Math.min(variants!.threshold, same!.threshold);
    for (const { level, shots } of stacks) {
      if (level !== 'variants') expect(shots).toHaveLength(1);
      for (const { similarity } of shots) expect(similarity).toBeGreaterThanOrEqual(loosest);
    }
  });

  it('is the same again, tells its progress, and stops when it is told to', async () => {
    const few = await vectorsOf(paths.slice(0, 30));
    const told: [number, number][] = [];
    const options = { sample: 10, onProgress: (done: number, total: number) => told.push([done, total]) };
    const first = await findStacks(few, options);
    expect(first.same!.sample).toBe(10);
    expect(told.at(-1)).toEqual([20, 20]);
    expect(await findStacks(few, { sample: 10 })).toEqual(first);
    const reason = new Error('enough');
    await expect(findStacks(few, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('leaves out files that are gone meanwhile, and takes one picture, and pictures that are all alike', async () => {
    const one = await vectorsOf(paths.slice(0, 1));
    expect((await findStacks(one)).stacks).toEqual([]);
    const gone = join(temporaryFolder(), 'gone.png');
    copyFileSync(paths[0]!, gone);
    const some = await vectorsOf([...paths.slice(0, 20), gone]);
    rmSync(gone);
    const found = await findStacks(some, { level: 'same' });
    expect(found.skipped).toEqual([{ path: gone, reason: expect.stringContaining('ENOENT') }]);
    const alike = {
      ...(await vectorsOf(paths.slice(0, 8))),
      embed: async ({ shape }: ImageArray) => zeros(shape[0]),
    };
    const none = await findStacks({ ...alike, vectors: zeros(8) });
    expect(none.stacks).toEqual([]);
  });

  it('refuses options outside their domain', async () => {
    const two = await vectorsOf(paths.slice(0, 2));
    for (const options of [{ level: 'all' }, { precision: 0 }, { sample: 0 }, { seed: -1 }, { what: 1 }]) {
      await expect(findStacks(two, options as object)).rejects.toThrow(InvalidOptionError);
    }
  });
});

function zeros(rows: number): EmbeddingArray {
  return { data: new Float32Array(rows * 4), shape: [rows, 4] };
}

const copiesOf = async (bytes: Buffer, level: keyof typeof changes, size: number, seed: number) =>
  changedCopies(sharp, await openToCopy(sharp, bytes, size), level, randomGenerator(seed));

describe('changed copies', () => {
  it('are whole pictures of the changed size, the same for the same draws', async () => {
    const bytes = await (await scene(3)).png().toBuffer();
    for (const level of ['same', 'variants'] as const) {
      const made = await copiesOf(bytes, level, 256, 1);
      expect(made.map(({ change }) => change)).toEqual(Object.keys(changes[level]));
      expect(await copiesOf(bytes, level, 256, 1)).toEqual(made);
      for (const { change, bytes: copy } of made) {
        const { width, height, channels } = await sharp(copy).metadata();
        expect(channels).toBe(3);
        expect(Math.abs(width! / height! - 256 / 192)).toBeLessThan(0.03);
        const share = width! / 256;
        if (change === 'cropped') expect(share).toBeGreaterThanOrEqual(0.89);
        if (change === 'cropped further') expect(share).toBeLessThanOrEqual(0.81);
        if (['re-encoded', 'recolored', 'recolored further', 'without colors'].includes(change))
          expect(share).toBe(1);
        else expect(share).toBeLessThan(1);
      }
    }
  });

  it('of a picture of one pixel, a gray and a transparent one are whole, too', async () => {
    const tiny = sharp({ create: { width: 1, height: 1, channels: 3, background: 'red' } });
    const clear = sharp({
      create: { width: 9, height: 40, channels: 4, background: { r: 1, g: 2, b: 3, alpha: 0.5 } },
    });
    const gray = sharp(
      new Uint8Array(64).map((_, i) => 4 * i),
      { raw: { width: 8, height: 8, channels: 1 } },
    );
    for (const picture of [tiny, clear, gray]) {
      for (const level of ['same', 'variants'] as const) {
        const made = await copiesOf(await picture.png().toBuffer(), level, 64, 2);
        expect(made).toHaveLength(5);
        for (const { bytes } of made) expect((await sharp(bytes).metadata()).format).toBe('jpeg');
      }
    }
  });

  it('draws no empty corners when it turns a picture', async () => {
    const black = sharp({ create: { width: 90, height: 60, channels: 3, background: '#000' } });
    for (let seed = 0; seed < 8; seed++) {
      const made = await copiesOf(await black.png().toBuffer(), 'variants', 256, seed);
      const turned = made.find(({ change }) => change === 'rotated further')!;
      const { channels } = await sharp(turned.bytes).stats();
      for (const { max } of channels) expect(max).toBeLessThan(60);
    }
  });
});
