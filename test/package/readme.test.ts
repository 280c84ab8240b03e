import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { consumer, execute, root } from './packed.js';

let folder = '';
let dispose = async () => {};
beforeAll(async () => {
  ({ folder, dispose } = await consumer());
});
afterAll(() => dispose());

const readme = readFile(join(root, 'README.md'), 'utf8');

/** Writes JPEG files of two classes, stripes upright and lying, each in colors and a phase of its own. */
async function writePictures(): Promise<void> {
  const side = 48;
  for (const [part, count] of [
    ['train', 40],
    ['test', 20],
  ] as const) {
    for (const name of ['upright', 'lying']) {
      const classFolder = join(folder, 'photos', part, name);
      await mkdir(classFolder, { recursive: true });
      for (let i = 0; i < count; i++) {
        const color = [i * 67, i * 131, i * 29].map((value) => 80 + (value % 176));
        const pixels = Uint8Array.from({ length: side * side * 3 }, (_, at) => {
          const pixel = Math.floor(at / 3);
          const place = name === 'upright' ? pixel % side : Math.floor(pixel / side);
          return color[at % 3]! * (0.5 + 0.5 * Math.sin(place + i));
        });
        const picture = sharp(pixels, { raw: { width: side, height: side, channels: 3 } });
        await picture.jpeg().toFile(join(classFolder, `${i}.jpg`));
      }
    }
  }
}

it('the sample of the README learns from a folder of pictures as written', async () => {
  await writePictures();
  const sample = /```ts\n([\s\S]*?)```/.exec(await readme)![1]!;
  await writeFile(join(folder, 'sample.mjs'), sample);
  const { stdout, stderr } = await execute('node', ['sample.mjs'], folder);
  const [, before, after] = /^kNN accuracy (\d(?:\.\d+)?) before, (\d(?:\.\d+)?) after\n$/.exec(stdout)!;
  expect(Number(before)).toBeLessThanOrEqual(1);
  expect(Number(after)).toBeGreaterThan(0.5); // the share of the larger class
  expect(stderr).toBe('');
});

it('names the two commands, which package.json has', async () => {
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  for (const script of ['start', 'test']) {
    expect(await readme).toContain(`npm ci && npm ${script}`);
    expect(scripts[script]).toBeTypeOf('string');
  }
});
