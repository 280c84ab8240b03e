import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writePictures } from '../helpers/readme-pictures.js';
import { consumer, execute, root } from './packed.js';

let folder = '';
let dispose = async () => {};
beforeAll(async () => {
  ({ folder, dispose } = await consumer());
});
afterAll(() => dispose());

const readme = readFile(join(root, 'README.md'), 'utf8');

it('the sample of the README learns from a folder of pictures as written', async () => {
  await writePictures(folder);
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
