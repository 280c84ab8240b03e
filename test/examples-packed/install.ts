import { existsSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { execute, root } from '../package/packed.js';
import { bundlerNames, bundlersFolder, dependenciesOf, exampleNames, folderOfExample } from './examples.js';
import { installInto } from './install-into.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder outside of the repository that holds a copy of each example, and what they need. */
    workshop: string;
    /** The packed library. */
    tarball: string;
  }
}

/** Leftovers of running an example in the repository. */
const leftovers = ['node_modules', 'dist', 'out', '.next', '.parcel-cache'];

/** Packs the library, copies the examples to a folder of their own and installs there what they need. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (!existsSync(join(root, 'dist/index.d.ts'))) {
    throw new Error('The library has not been built. Run `npm run build` first.');
  }
  const workshop = await mkdtemp(join(tmpdir(), 'simclr-ts-examples-'));
  const remove = () => rm(workshop, { recursive: true, force: true });
  try {
    const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', workshop];
    const { stdout } = await execute('npm', args, root);
    const [{ filename }] = Object.values(JSON.parse(stdout)) as [{ filename: string }];
    const tarball = join(workshop, filename);
    const names = [...exampleNames, ...bundlerNames];
    for (const name of bundlerNames) {
      await cp(join(bundlersFolder, 'program'), join(workshop, name), { recursive: true });
    }
    for (const name of names) {
      await cp(folderOfExample(name), join(workshop, name), {
        recursive: true,
        filter: (path) => !leftovers.includes(basename(path)) && !path.endsWith('.safetensors'),
      });
    }
    // One install for all: an example finds what it imports in the folder above its own.
    await installInto(workshop, dependenciesOf(names), tarball);
    project.provide('workshop', workshop);
    project.provide('tarball', tarball);
  } catch (error) {
    await remove();
    throw error;
  }
  return remove;
}
