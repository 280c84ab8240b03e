import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../package/packed.js';

/** A JavaScript runtime, and how it runs a program. */
export interface Runtime {
  name: string;
  /** The npm package that holds its binary for this platform. */
  package: string;
  /** Where the binary lies in it. */
  binary: string;
  /** Before the program. */
  arguments: string[];
}

const { platform, arch } = process;
const exe = platform === 'win32' ? '.exe' : '';
const bunPlatform = platform === 'win32' ? 'windows' : platform;
const denoPlatform = `${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`;

/** Those that are tested beside Node. */
export const runtimes: Runtime[] = [
  {
    name: 'Bun',
    package: `@oven/bun-${bunPlatform}-${arch === 'arm64' ? 'aarch64' : arch}`,
    binary: `bin/bun${exe}`,
    arguments: [],
  },
  {
    name: 'Deno',
    package: `@deno/${denoPlatform}`,
    binary: `deno${exe}`,
    arguments: ['run', '--allow-all', '--node-modules-dir=manual'],
  },
];

/** Installs a runtime's newest version below `.cache`, which git ignores. Throws, with a reason, when it cannot be had. */
export function getRuntime({ name, package: packageName, binary }: Runtime): string {
  const folder = join(root, '.cache/runtimes', name.toLowerCase());
  mkdirSync(folder, { recursive: true });
  // A package of its own: without it npm would climb up and write in the library's package.json.
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder, packageName];
  const found = join(folder, 'node_modules', packageName, binary);
  try {
    execFileSync('npm', args, { cwd: folder, stdio: 'pipe', shell: platform === 'win32' });
  } catch (error) {
    const { stderr } = error as { stderr?: Buffer };
    if (!existsSync(found))
      throw new Error(`NOT RUN on ${name}: npm cannot install ${packageName}.\n${stderr}`);
    console.warn(`${name}: npm was not asked for a newer one: ${stderr}`);
  }
  return found;
}
