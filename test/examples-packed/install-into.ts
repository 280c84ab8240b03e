import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execute } from '../package/packed.js';

/** Installs packages into a folder, the packed library in place of the published one. */
export async function installInto(
  folder: string,
  dependencies: Record<string, string>,
  tarball: string,
  flags: readonly string[] = [],
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const manifest = {
    private: true,
    type: 'module',
    dependencies: { ...dependencies, 'simclr-ts': `file:${tarball}` },
  };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  await execute('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...flags], folder);
}
