import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stripes, tiny } from '../cli/pictures.js';
import { execute, packageJson, root } from './packed.js';

let folder = '';
const install = (...packages: string[]) =>
  execute('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...packages], folder);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'simclr-ts-command-line-'));
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  await execute('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], root);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'))!;
  await install(`./${tarball}`);
  mkdirSync(join(folder, 'photos'));
  for (let i = 0; i < 12; i++) {
    writeFileSync(join(folder, `photos/${i}.png`), await stripes(i % 2 === 0 ? 'rows' : 'columns', i));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const npx = (...args: string[]) => execute('npx', ['--no-install', 'simclr-ts', ...args], folder);

/** How a command ended that must fail. */
const failure = (...args: string[]) =>
  new Promise<{ code: unknown; stderr: string }>((resolve) => {
    execFile('npx', ['--no-install', 'simclr-ts', ...args], { cwd: folder }, (error, _, stderr) =>
      resolve({ code: error?.code, stderr }),
    );
  });

describe('the command line of the packed package, installed by npm', () => {
  it('names the one command that it needs to read pictures', async () => {
    const { code, stderr } = await failure('train', 'photos', ...tiny);
    expect(code).toBe(5);
    const command = /^Error: the package sharp must be there; install it with `npm install (.*?)`/.exec(
      stderr,
    );
    expect(command, stderr).not.toBe(null);
    await install(...command![1]!.split(' '));
  });

  it('trains, embeds and searches a folder of pictures', async () => {
    const { version } = await packageJson();
    expect((await npx('--version')).stdout).toBe(`${version}\n`);
    expect((await npx('train', 'photos', ...tiny)).stdout).toMatch(/^Trained for 1 step on 12 pictures\./);
    expect((await npx('embed', 'photos', '--out', 'vectors.csv')).stdout).toBe(
      '12 vectors of 32 numbers in vectors.csv\n',
    );
    expect(readFileSync(join(folder, 'vectors.csv'), 'utf8').split('\n')).toHaveLength(14);
    const { stdout } = await npx('search', 'photos/3.png', '--in', 'photos', '--results', '2', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ query: 'photos/3.png', searched: 12 });
    expect(JSON.parse(stdout).results).toHaveLength(2);
  });

  it('finds the fast backend, and says so when it is gone', async () => {
    const { stdout } = await npx('doctor', '--json');
    expect(JSON.parse(stdout).checks).toContainEqual(
      expect.objectContaining({ name: 'backend', status: 'ok', message: expect.stringMatching(/^wasm/) }),
    );
    // The wasm backend brings the plain one along.
    for (const name of ['@tensorflow/tfjs-backend-wasm', '@tensorflow/tfjs-backend-cpu', 'sharp']) {
      rmSync(join(folder, 'node_modules', name), { recursive: true });
    }
    for (const [args, sentence] of [
      [
        ['export', '--onnx', 'e.onnx'],
        /^Error: No backend works here\. Install one with `npm install @tensorflow/,
      ],
      [
        ['embed', 'photos', '--out', 'v.npy'],
        /^Error: the package sharp must be there; install it with `npm/,
      ],
    ] as const) {
      const { code, stderr } = await failure(...args);
      expect(stderr).toMatch(sentence);
      expect(code).toBe(5);
    }
  });
});
