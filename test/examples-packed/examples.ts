import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../package/packed.js';

/** Where the repository has them. */
export const examplesFolder = join(root, 'examples');

/** One example per bundler, and the program that all of them build. */
export const bundlersFolder = join(examplesFolder, 'bundlers');

/** package.json of an example, and of the repository. */
export interface Manifest {
  name: string;
  private?: boolean;
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

/** The package.json of a folder. */
export function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** Names of the examples that are made to be copied away: those with a package.json. */
export const exampleNames: readonly string[] = readdirSync(examplesFolder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .filter((name) => readdirSync(join(examplesFolder, name)).includes('package.json'))
  .sort();

/** Names of the bundlers. */
export const bundlerNames: readonly string[] = readdirSync(bundlersFolder)
  .filter((name) => existsSync(join(bundlersFolder, name, 'package.json')))
  .sort();

/** Where an example is. */
export const folderOfExample = (name: string) =>
  join(bundlerNames.includes(name) ? bundlersFolder : examplesFolder, name);

/** All that examples need, by name; each at one version. */
export function dependenciesOf(names: readonly string[]): Record<string, string> {
  const all: Record<string, string> = {};
  for (const name of names) {
    const { dependencies, devDependencies } = manifestOf(folderOfExample(name));
    for (const [dependency, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      all[dependency] ??= version;
      if (all[dependency] !== version) {
        throw new Error(`The examples want ${dependency} both at ${all[dependency]} and at ${version}.`);
      }
    }
  }
  return all;
}
