import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execute, root } from '../package/packed.js';

/** A JavaScript runtime, and how it runs a program. */
export interface Runtime {
  name: string;
  /** The npm package that holds its binary for this platform, and the version if not the newest. */
  package: string;
  version?: string;
  /** Where the binary lies in it. */
  binary: string;
  /** Before the program. */
  arguments: string[];
}

const { platform, arch } = process;
const exe = platform === 'win32' ? '.exe' : '';
const bunPlatform = platform === 'win32' ? 'windows' : platform;
const denoPlatform = `${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`;

/** Releases of Node that are tested. */
const node = ['20', '22', '24', '26'].map((version) => ({
  name: `node-${version}`,
  package: `node-${platform === 'win32' ? 'win' : platform}-${arch}`,
  version,
  binary: `bin/node${exe}`,
  arguments: [],
}));

/** Those that run the package. */
export const runtimes: readonly Runtime[] = [
  {
    name: 'bun',
    package: `@oven/bun-${bunPlatform}-${arch === 'arm64' ? 'aarch64' : arch}`,
    binary: `bin/bun${exe}`,
    arguments: [],
  },
  {
    name: 'deno',
    package: `@deno/${denoPlatform}`,
    binary: `deno${exe}`,
    arguments: ['run', '--allow-all', '--node-modules-dir=manual'],
  },
  ...node,
];

/** Whether a runtime is the one that runs this. */
export const isThisNode = ({ name }: Runtime) => name === `node-${process.versions.node.split('.')[0]}`;

/**
 * The binary of a runtime: this Node, or the newest of npm, installed below `.cache`, which git ignores. Throws, with a
 * reason, when it cannot be had.
 */
export async function getRuntime(runtime: Runtime): Promise<string> {
  if (isThisNode(runtime)) return process.execPath;
  const { name, package: packageName, version = 'latest', binary } = runtime;
  const folder = join(root, '.cache/runtimes', name);
  mkdirSync(folder, { recursive: true });
  // A package of its own: without it npm would climb up and write in the library's package.json.
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const wanted = `${packageName}@${version}`;
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder, wanted];
  const found = join(folder, 'node_modules', packageName, binary);
  try {
    await execute('npm', args, folder);
  } catch (error) {
    const { message } = error as Error;
    if (!existsSync(found)) throw new Error(`npm cannot install ${wanted}: ${message}`);
    console.warn(`${name}: npm was not asked for a newer one: ${message}`);
  }
  return found;
}
