import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { consumer, execute, root } from '../package/packed.js';

const studio = join(root, 'examples/studio');
let folder: string;
let dispose: () => Promise<void>;

beforeAll(async () => {
  ({ folder, dispose } = await consumer());
});
afterAll(() => dispose());

/** The packages that the README tells people to install beside a copy of the studio. */
async function listedPackages(): Promise<string[]> {
  const readme = await readFile(join(studio, 'README.md'), 'utf8');
  return /npm install ((?:\\\n|[^\n])+)/
    .exec(readme)![1]!
    .split(/[\s\\]+/)
    .filter(Boolean);
}

it('builds in a folder of its own from the packed library and what its README lists', async () => {
  const copy = join(folder, 'studio');
  await cp(studio, copy, { recursive: true, filter: (path) => path !== join(studio, 'dist') });
  const modules = join(copy, 'node_modules');
  for (const name of await listedPackages()) {
    const packed = join(folder, 'node_modules', name);
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(name === 'simclr-ts' ? packed : join(root, 'node_modules', name), join(modules, name));
  }
  await execute('node', [join(modules, 'vite/bin/vite.js'), 'build', '--logLevel', 'error'], copy);
  expect(existsSync(join(copy, 'dist/index.html'))).toBe(true);
  const assets = (await readdir(join(copy, 'dist/assets'))).join('\n');
  for (const part of ['index', 'serve-trainer', 'simd.generated', 'threaded-simd.generated']) {
    expect(assets).toMatch(new RegExp(`^${part}-.*\\.js$`, 'm'));
  }
});
