import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { consumer, execute, root } from './packed.js';

let folder = '';
let dispose = async () => {};
beforeAll(async () => {
  ({ folder, dispose } = await consumer());
});
afterAll(() => dispose());

it('the sample of the README runs as written', async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const sample = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
  await writeFile(join(folder, 'sample.mjs'), sample);
  const { stdout, stderr } = await execute('node', ['sample.mjs'], folder);
  expect(stdout).toMatch(/^loss \d+\.\d+ to \d+\.\d+; embeddings 64,64\n$/);
  expect(stderr).toBe('');
});

it('names the two commands, which package.json has', async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  for (const script of ['start', 'test']) {
    expect(readme).toContain(`npm ci && npm ${script}`);
    expect(scripts[script]).toBeTypeOf('string');
  }
});
