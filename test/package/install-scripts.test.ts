import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from './packed.js';

interface LockedPackage {
  dev?: boolean;
  hasInstallScript?: boolean;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

/** What the guides tell people to install beside the library. */
const told = ['sharp', 'd3-scale', 'd3-shape', 'umap-js', '@xmldom/xmldom'];

it('nothing that comes with the library, or that its guides install, runs a script when it is installed', async () => {
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockedPackage>;
  };
  const shipped = new Set(Object.keys(packages).filter((path) => path !== '' && !packages[path]!.dev));
  const add = (name: string, from: string): void => {
    const path = [`${from}/node_modules/${name}`, `node_modules/${name}`].find((each) => packages[each]);
    if (path === undefined || shipped.has(path)) return;
    shipped.add(path);
    const { dependencies, optionalDependencies } = packages[path]!;
    for (const each of Object.keys({ ...dependencies, ...optionalDependencies })) add(each, path);
  };
  for (const name of told) add(name, '');
  expect([...shipped]).toEqual(expect.arrayContaining(told.map((name) => `node_modules/${name}`)));
  expect([...shipped]).toContain('node_modules/@tensorflow/tfjs-backend-wasm');
  expect([...shipped].filter((path) => packages[path]!.hasInstallScript)).toEqual([]);
});

it('a browser user does not download what only Node uses', async () => {
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  expect(Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }).sort()).toEqual([
    '@tensorflow/tfjs-backend-wasm',
    'cli-progress',
    'comlink',
    'commander',
    'papaparse',
  ]);
  for (const name of told) expect(manifest.peerDependenciesMeta[name], name).toEqual({ optional: true });
});
