import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import type { EmbeddingArray } from 'simclr-ts';
import { DataError, InvalidOptionError, ShapeError } from 'simclr-ts/errors';
import { randomGenerator } from 'simclr-ts/random';
import { type PictureMapData, writePictureMap } from 'simclr-ts/report';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mapGroups, outliers, usualGroups } from '../../src/report/picture-map/map-groups.js';
import type { MapPageData } from '../../src/report/picture-map/show-map.js';
import { expectTensors } from '../helpers/leaks.js';
import { plain } from '../node/pictures.js';
import { firstUnbalanced } from './balanced.js';

const dangerous = `</script><script>alert(1)</script>&"'<!--.png`.replaceAll('/', '\u2215');
const count = 120;
const dim = 13;
let folder = '';
const paths: string[] = [];
/** Twelve groups of pictures, far from one another, and one picture that is like no other. */
let vectors: EmbeddingArray;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'simclr-ts-map-'));
  mkdirSync(join(folder, 'photos'));
  const random = randomGenerator(1);
  const data = new Float32Array(count * dim);
  for (let row = 0; row < count; row++) {
    const name = row === 7 ? dangerous : `${String(row).padStart(3, '0')}.png`;
    const path = join(folder, 'photos', name);
    writeFileSync(
      path,
      await plain(2 * row, 12, 10)
        .png()
        .toBuffer(),
    );
    paths.push(path);
    for (let i = 0; i < dim; i++)
      data[row * dim + i] = 0.2 * random.normal() + (row !== 50 && i === row % 12 ? 3 : 0);
    if (row === 50) data[row * dim + 12] = 3;
  }
  vectors = { data, shape: [count, dim] };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function write(data: Partial<PictureMapData> = {}): Promise<{ html: string; data: MapPageData }> {
  const path = join(folder, 'out/map.html');
  await expectTensors(0, () => writePictureMap(path, { title: 'Map', paths, vectors, ...data }));
  const html = readFileSync(path, 'utf8');
  const [, json] = /<script type="application\/json" id="map-data">(.*?)<\/script>/s.exec(html)!;
  return { html, data: JSON.parse(json!) };
}

describe('the map of a folder', () => {
  it('is one page that loads nothing, and runs its own script only', async () => {
    const { html } = await write();
    expect(firstUnbalanced(html)).toBeUndefined();
    const loads = [...html.matchAll(/(?:src|poster|srcset)\s*=\s*"([^"]*)"|url\(([^)]*)\)/g)].map(
      ([, attribute, url]) => attribute ?? url!,
    );
    expect(loads.length).toBeGreaterThan(0);
    for (const load of loads) expect(load).toMatch(/^data:image\/webp;base64,/);
    expect(html).not.toMatch(/https?:|@import/);
    const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, text]) => text!);
    expect(scripts).toHaveLength(1);
    const hash = createHash('sha256').update(scripts[0]!).digest('base64');
    expect(html).toContain(`script-src 'sha256-${hash}'"`);
    new Function(scripts[0]!.replace(/\(\);$/, '')); // it is JavaScript
  });

  it('keeps names of files text, whatever they contain', async () => {
    const { html, data } = await write({ title: '<b>&' });
    expect(data.names).toEqual(paths);
    expect(html.match(/<script/g)).toHaveLength(2);
    expect(html).not.toContain('<!--');
    expect(html).toContain('<h1>&lt;b&gt;&amp;</h1>');
    expect(decodeURIComponent(data.links[7]!)).toBe(`../photos/${dangerous}`);
    expect(data.links[7]).not.toMatch(/[<>"&#?]/);
  });

  it('puts like pictures side by side, in groups, and names neighbors', async () => {
    const { data } = await write({ groups: 12 });
    expect(data.points).toHaveLength(2 * count);
    for (const value of data.points) {
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(1);
    }
    expect(Math.max(...data.size)).toBe(1);
    const near = Array.from({ length: count }, (_, row) => data.near.slice(6 * row, 6 * row + 6));
    for (const [row, others] of near.entries()) {
      expect(others).not.toContain(row);
      if (row === 50) continue;
      for (const other of others) if (other !== 50) expect(other % 12).toBe(row % 12);
    }
    expect(data.marks).toHaveLength(12);
    // Groups of the map are the groups of pictures, but for a few that UMAP may have laid between.
    const kinds = new Map<number, Map<number, number>>();
    for (const [row, group] of data.groups.entries()) {
      const counts = kinds.get(group) ?? new Map<number, number>();
      kinds.set(group, counts.set(row % 12, (counts.get(row % 12) ?? 0) + 1));
    }
    const largest = [...kinds.values()].reduce((sum, counts) => sum + Math.max(...counts.values()), 0);
    expect(largest / count).toBeGreaterThan(0.85);
    const again = await write({ groups: 12 });
    expect(again.data).toEqual(data);
  });

  it('shows the thumbnail of each picture at its place of a sheet', async () => {
    const { html, data } = await write();
    const [sheet] = [...html.matchAll(/class="sheet" alt="" src="data:image\/webp;base64,([^"]*)"/g)];
    const pixels = await sharp(Buffer.from(sheet![1]!, 'base64')).raw().toBuffer({ resolveWithObject: true });
    const { cell, columns } = data;
    expect(pixels.info.width).toBe(cell * columns);
    for (const row of [0, 40, 119]) {
      const [x, y] = [(row % columns) * cell + cell / 2, Math.floor(row / columns) * cell + cell / 2];
      expect(Math.abs(pixels.data[3 * (y * pixels.info.width + x)]! - 2 * row)).toBeLessThan(8);
    }
  });

  it('lists near-duplicates and outliers', async () => {
    const facts = { width: 1, height: 1, bytes: 1, date: '', equal: false, similarity: 1 };
    const shots = [
      { similarity: 1, pictures: [3, 4].map((row) => ({ path: paths[row]!, keep: row === 3, ...facts })) },
    ];
    const { html } = await write({ stacks: [{ level: 'same', shots }] });
    expect(html).toMatch(
      /<h2>Near-duplicates<\/h2>.*<h3>The same picture, 2 files<\/h3><div class="thumbs"><button type="button" class="thumb" data-row="3"><\/button><button type="button" class="thumb" data-row="4">/s,
    );
    const [, first] = /<h2>Outliers<\/h2>.*?data-row="(\d+)"/s.exec(html)!;
    expect(first).toBe('50');
  });

  it.each([1, 2, 3, 4, 5])('takes %i pictures', async (few) => {
    const some = { data: vectors.data.subarray(0, few * dim), shape: [few, dim] as const };
    const { data } = await write({ paths: paths.slice(0, few), vectors: some });
    expect(data.names).toHaveLength(few);
    expect(data.points.every(Number.isFinite)).toBe(true);
    for (const other of data.near) expect(other).toBeGreaterThanOrEqual(0);
  });

  it('refuses what it cannot show', async () => {
    await expect(write({ paths: [] })).rejects.toThrow(DataError);
    await expect(write({ paths: paths.slice(1) })).rejects.toThrow(ShapeError);
    await expect(write({ groups: 0 })).rejects.toThrow(InvalidOptionError);
  });
});

describe('groups of a map', () => {
  it('are named by the pictures that are most like the others', async () => {
    const points = [0, 1, 2, 3].map((x) => ({ x: x / 100, y: 0 })).concat([{ x: 1, y: 1 }]);
    const data = Float32Array.of(1, 0, 0.9, 0.1, 0.8, -0.9, 1, 0.1, 0, 1);
    const { groups, assignments } = await mapGroups(points, { data, shape: [5, 2] }, 2, 0);
    expect(Array.from(assignments)).toEqual([0, 0, 0, 0, 1]);
    expect(groups.map(({ count: size }) => size)).toEqual([4, 1]);
    expect(groups[0]!.typical.at(-1)).toBe(2);
    expect(groups[1]!.typical).toEqual([4]);
    expect(usualGroups(1)).toBe(1);
    expect(usualGroups(5000)).toBe(18);
  });
});

it('outliers have the least mean similarity', () => {
  const similarities = Float32Array.of(0.9, 0.8, 0.2, 0.1, 0.9, 0.1);
  expect(outliers({ similarities, indices: new Int32Array(6), neighbors: 2 }, 2)).toEqual([1, 2]);
});
