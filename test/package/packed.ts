import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { tarEntries } from '../../src/data/index.js';
import { fileSource } from '../../src/node/index.js';

const run = promisify(execFile);

/** The repository. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** package.json of the repository. */
export async function packageJson(): Promise<{
  name: string;
  version: string;
  exports: Record<string, unknown>;
  dependencies: Record<string, string>;
  optionalDependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
}> {
  return JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
}

/** Subpaths that hold code: '.', './losses', ... */
export async function subpaths(): Promise<string[]> {
  return Object.keys((await packageJson()).exports).filter((path) => path !== './package.json');
}

/**
 * A consumer's folder: the packed tarball as an install would lay it down, beside the repository's own copies of
 * what it depends on and of every optional package that the repository has.
 */
export async function consumer(): Promise<{ folder: string; dispose: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'simclr-ts-consumer-'));
  const modules = join(folder, 'node_modules');
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: root,
  });
  const [packed] = Object.values(JSON.parse(stdout)) as [{ filename: string }];
  for await (const { name, bytes } of tarEntries(fileSource(join(folder, packed.filename)))) {
    const path = join(modules, 'simclr-ts', ...name.split('/').slice(1)); // without npm's folder "package"
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  }
  const { dependencies, optionalDependencies, peerDependencies } = await packageJson();
  const names = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
  for (const name of ['@tensorflow', '@types', ...names.filter((each) => !each.startsWith('@tensorflow/'))]) {
    const own = join(root, 'node_modules', name);
    if (!existsSync(own)) continue;
    await mkdir(dirname(join(modules, name)), { recursive: true }); // of a scope
    await symlink(own, join(modules, name));
  }
  return { folder, dispose: () => rm(folder, { recursive: true, force: true }) };
}

/** Runs a command and returns what it printed; the error of a failed one has both streams in its message. */
export async function execute(
  command: string,
  args: string[],
  cwd: string,
): Promise<{ stdout: string; stderr: string }> {
  try {
    return await run(command, args, { cwd, maxBuffer: 2 ** 26 });
  } catch (error) {
    const { stdout, stderr, message } = error as Error & { stdout: string; stderr: string };
    throw new Error(`${message}\n${stdout}\n${stderr}`);
  }
}
