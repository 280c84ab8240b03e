import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { writePictures } from '../helpers/readme-pictures.js';
import { execute, root } from '../package/packed.js';

/** pnpm shows a program only the packages that it lists, and a package only those that it depends on. */
const pnpm = (args: string[], cwd: string) => execute('npx', ['--yes', 'pnpm@10', ...args], cwd);

const folder = join(inject('workshop'), 'pnpm');

/** Packages of the first install line of a page, the packed library in place of the published one. */
function packagesOf(markdown: string): string[] {
  const [, names] = /^npm install (.*)$/m.exec(markdown)!;
  return names!.split(' ').map((name) => (name === 'simclr-ts' ? `file:${inject('tarball')}` : name));
}

beforeAll(async () => {
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  // A project of its own, whatever lies above.
  await writeFile(join(folder, 'pnpm-workspace.yaml'), 'packages: []\n');
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  await pnpm(['add', ...packagesOf(readme)], folder);
});

describe('installed by pnpm', () => {
  it('the sample of the README runs', async () => {
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    await writeFile(join(folder, 'sample.mjs'), /```ts\n([\s\S]*?)```/.exec(readme)![1]!);
    await writePictures(folder);
    const { stdout } = await execute('node', ['sample.mjs'], folder);
    expect(stdout).toMatch(/^kNN accuracy [\d.]+ before, [\d.]+ after\n$/m);
  });

  it('the command line works with the packages that it has by itself, and with sharp reads pictures', async () => {
    const { stdout } = await pnpm(['exec', 'simclr-ts', 'backends', '--json'], folder);
    expect(JSON.parse(stdout)).toMatchObject({ best: 'wasm' });
    await pnpm(['add', 'sharp'], folder);
    const doctor = await pnpm(['exec', 'simclr-ts', 'doctor', '--json'], folder).catch(({ message }) => ({
      stdout: message as string,
    }));
    expect(doctor.stdout).toMatch(/"name": "sharp",\s+"status": "ok"/);
  });

  it('a sample of the guides runs with what its page installs', async () => {
    const page = await readFile(join(root, 'docs/evaluation.md'), 'utf8');
    await pnpm(['add', ...packagesOf(page)], folder);
    const [, sample] = /<!-- run -->\n\n```ts\n([\s\S]*?)```/.exec(page)!;
    await writeFile(join(folder, 'evaluation.mjs'), sample!);
    expect((await execute('node', ['evaluation.mjs'], folder)).stdout).toMatch(/^0\.\d+ \{ low: 0\.\d+/);
  });
});
