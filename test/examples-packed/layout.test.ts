import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { extname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../package/packed.js';
import { exampleNames, examplesFolder, manifestOf } from './examples.js';

const repository = manifestOf(root) as ReturnType<typeof manifestOf> & { version: string };
const known: Record<string, string> = {
  ...repository.devDependencies,
  ...repository.optionalDependencies,
  ...repository.dependencies,
  'simclr-ts': `^${repository.version}`,
};

/** The packages that a program imports. */
function importedPackages(source: string): string[] {
  return [...source.matchAll(/(?:from|import) '([^'.][^']*)'/g)]
    .map(([, name]) => name!)
    .filter((name) => !isBuiltin(name))
    .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/'));
}

it('knows the examples that are made to be copied', () => {
  expect(exampleNames).toEqual([
    'browser-vite',
    'custom-training-loop',
    'node-gpu',
    'node-wasm',
    'own-encoder',
    'torchvision-weights',
    'web-worker',
  ]);
});

describe.each(exampleNames)('%s', (name) => {
  const folder = join(examplesFolder, name);
  const { dependencies, devDependencies = {}, private: hidden } = manifestOf(folder);
  const files = readdirSync(folder).filter((file) => ['.js', '.ts'].includes(extname(file)));

  it('lists what it imports, and nothing of this repository', () => {
    const sources = files.map((file) => readFileSync(join(folder, file), 'utf8'));
    const imported = new Set(sources.flatMap(importedPackages));
    const listed = Object.keys({ ...dependencies, ...devDependencies });
    expect(listed).toEqual(expect.arrayContaining([...imported]));
    for (const source of sources) expect(source).not.toMatch(/(?:from|import) '\.\.\//);
  });

  it('wants the versions of the repository', () => {
    for (const [dependency, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      expect(`${dependency} ${version}`).toBe(`${dependency} ${known[dependency]}`);
    }
    expect(hidden).toBe(true);
  });

  it('is in the table of examples and has a README', () => {
    expect(readFileSync(join(examplesFolder, 'README.md'), 'utf8')).toContain(`(${name}/README.md)`);
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toContain('npm install');
  });
});

it('node-gpu and node-wasm differ by the line that chooses the backend', () => {
  const [gpu, wasm] = ['node-gpu', 'node-wasm'].map((name) =>
    readFileSync(join(examplesFolder, name, 'main.js'), 'utf8').split('\n'),
  ) as [string[], string[]];
  expect(gpu).toHaveLength(wasm.length);
  const different = gpu.filter((line, i) => line !== wasm[i]);
  expect(different).toEqual([expect.stringContaining('await useBestBackend()')]);
});
