import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, inject, it } from 'vitest';
import { execute } from '../package/packed.js';
import { expectLearning, expectRight } from './expect-learning.js';
import { findPython } from './find-python.js';

const folderOf = (name: string) => join(inject('workshop'), name);
const start = (name: string, ...args: string[]) =>
  execute('npm', ['run', '--silent', 'start', '--', ...args], folderOf(name));

it('node-wasm trains, embeds and finds neighbors, and has nothing to complain about', async () => {
  const { stdout, stderr } = await start('node-wasm');
  expectLearning(stdout);
  expectRight(stdout, 60);
  expect(stderr).toBe('');
});

it('node-wasm takes a folder of pictures', async () => {
  const folder = join(inject('workshop'), 'photos');
  for (const [kind, color] of [
    ['dark', 40],
    ['light', 200],
  ] as const) {
    await mkdir(join(folder, kind), { recursive: true });
    for (let i = 0; i < 8; i++) {
      const background = { r: color + 5 * i, g: color, b: color - 4 * i };
      const picture = sharp({ create: { width: 40 + i, height: 40, channels: 3, background } });
      await picture.png().toFile(join(folder, kind, `${i}.png`));
    }
  }
  const { stdout } = await start('node-wasm', folder);
  expect(stdout).toMatch(
    /^Using wasm.*\nloss [\d.]+ to [\d.]+; learning nothing: 3\.434\nnearest other .* \d+ %\n$/,
  );
});

it('node-gpu takes the fastest backend that is installed', async () => {
  const { stdout } = await start('node-gpu');
  expect(stdout).toContain('Using wasm (WebAssembly on the processor, ');
  expectLearning(stdout);
});

it('custom-training-loop trains without the trainer', async () => {
  const { stdout, stderr } = await start('custom-training-loop');
  expectLearning(stdout);
  expectRight(stdout, 60);
  expect(stderr).toBe('');
});

it('custom-training-loop passes the type check that it documents', async () => {
  await execute('npm', ['run', '--silent', 'typecheck'], folderOf('custom-training-loop'));
});

it('own-encoder trains a model of tfjs-layers and loads it again', async () => {
  const { stdout } = await start('own-encoder');
  expectLearning(stdout);
  expectRight(stdout, 60);
});

it('torchvision-weights says how to get them when they are missing', async () => {
  await expect(start('torchvision-weights')).rejects.toThrow(
    /python3 write_weights\.py[\s\S]*apt-get install python3-torch python3-torchvision/,
  );
});

it("torchvision-weights gives torchvision's h, and continues from there", async () => {
  await execute(await findPython(), ['write_weights.py'], folderOf('torchvision-weights'));
  const { stdout } = await start('torchvision-weights');
  const difference = /h differs from torchvision's by at most (\S+),/.exec(stdout);
  expect(Number(difference?.[1]), stdout).toBeLessThan(1e-4);
  expect(stdout).toContain('took the weights but fc.weight, fc.bias');
  expectLearning(stdout);
});
