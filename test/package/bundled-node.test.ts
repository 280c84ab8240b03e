import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { consumer, execute, root } from './packed.js';

/** What a bundler finds; nothing that is optional. */
const required = ['@tensorflow/tfjs-core', '@tensorflow/tfjs-layers', 'cli-progress', 'papaparse'];

let packed = '';
let folder = '';
let dispose = async () => {};

async function link(modules: string, name: string, target: string): Promise<void> {
  await mkdir(dirname(join(modules, name)), { recursive: true });
  await symlink(target, join(modules, name));
}

beforeAll(async () => {
  ({ folder: packed, dispose } = await consumer());
  folder = await mkdtemp(join(tmpdir(), 'simclr-ts-bundled-'));
  const modules = join(folder, 'source/node_modules');
  await mkdir(modules, { recursive: true });
  await cp(join(packed, 'node_modules/simclr-ts'), join(modules, 'simclr-ts'), { recursive: true });
  for (const name of required) await link(modules, name, join(root, 'node_modules', name));
});
afterAll(async () => {
  await dispose();
  await rm(folder, { recursive: true, force: true });
});

/** Bundles a program as if nothing but `required` were installed. */
async function bundle(format: 'esm' | 'cjs', contents: string, outfile: string, minify = false) {
  return build({
    stdin: { contents, resolveDir: join(folder, 'source') },
    bundle: true,
    platform: 'node',
    format,
    minify,
    outfile,
    logLevel: 'silent',
    // Packages in CommonJS want `require` of Node's own modules.
    ...(format === 'esm' && {
      banner: {
        js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
      },
    }),
  });
}

const program = `
  import { decodePool, useBestBackend } from 'simclr-ts/node';
  main();
  async function main() {
  const path = process.argv[2];
  const decode = decodePool({ size: 4, workers: 1, background: [1, 2, 3] });
  const [{ data, shape }] = await decode([{ name: path }]);
  await decode.close();
  const { name } = await useBestBackend({ prefer: 'wasm' });
  console.log(JSON.stringify({ shape, pixel: [...data.subarray(0, 3)], name }));
  }
`;

describe.each([
  ['esm', false],
  ['esm', true],
  ['cjs', false],
  ['cjs', true],
] as const)('simclr-ts/node in a bundle of esbuild, %s, minified: %s', (format, minify) => {
  it('is bundled without optional packages, and finds them when it runs', async () => {
    const app = join(folder, `app-${format}-${minify}`);
    const outfile = join(app, format === 'esm' ? 'main.mjs' : 'main.cjs');
    const { warnings } = await bundle(format, program, outfile, minify);
    expect(warnings.map(({ text }) => text)).toEqual([]);
    for (const name of ['sharp', '@tensorflow/tfjs-backend-wasm']) {
      await link(join(app, 'node_modules'), name, join(root, 'node_modules', name));
    }
    const sharp = (await import('sharp')).default;
    const clear = Buffer.alloc(4 * 4 * 2);
    const picture = join(app, 'gray.png');
    await writeFile(
      picture,
      await sharp(clear, { raw: { width: 4, height: 4, channels: 2 } })
        .toColourspace('b-w')
        .png()
        .toBuffer(),
    );
    const { stdout, stderr } = await execute('node', [outfile, picture], tmpdir());
    expect(JSON.parse(stdout)).toEqual({ shape: [4, 4, 3], pixel: [1, 2, 3], name: 'wasm' });
    expect(stderr).toBe('');
  });
});

it('simclr-ts/mpi is bundled without koffi', async () => {
  const outfile = join(folder, 'mpi.mjs');
  const { warnings } = await bundle('esm', "export * from 'simclr-ts/mpi';", outfile);
  expect(warnings).toEqual([]);
});

it('a backend that only the application has is found, from a workspace where the library has none', async () => {
  // packages/app/node_modules has the backend, node_modules of the workspace only the library.
  const workspace = join(folder, 'workspace');
  const app = join(workspace, 'packages/app');
  const name = '@tensorflow/tfjs-node';
  const modules = join(workspace, 'node_modules');
  await mkdir(modules, { recursive: true });
  await cp(join(packed, 'node_modules/simclr-ts'), join(modules, 'simclr-ts'), { recursive: true });
  for (const each of required) await link(modules, each, join(root, 'node_modules', each));
  const own = join(app, 'node_modules', name);
  await mkdir(own, { recursive: true });
  await writeFile(join(own, 'package.json'), JSON.stringify({ name, version: '4.22.0', main: 'index.js' }));
  await writeFile(join(own, 'index.js'), "throw new Error('reached');");
  const ask = (options: string) => `
    import { useBestBackend } from 'simclr-ts/node';
    await useBestBackend({ prefer: 'tfjs-node'${options} }).catch((error) => console.log(error.message));`;
  await writeFile(join(app, 'main.mjs'), ask(''));
  await writeFile(join(workspace, 'elsewhere.mjs'), ask(', from: process.argv[2]'));
  const reached = expect.stringContaining('tfjs-node does not load (reached)');
  expect((await execute('node', [join(app, 'main.mjs')], tmpdir())).stdout).toEqual(reached);
  const elsewhere = join(workspace, 'elsewhere.mjs');
  expect((await execute('node', [elsewhere, app], tmpdir())).stdout).toEqual(reached);
  const file = `file://${app}/main.mjs`;
  expect((await execute('node', [elsewhere, file], tmpdir())).stdout).toEqual(reached);
  expect((await execute('node', [elsewhere, join(app, 'nowhere/x')], workspace)).stdout).toEqual(reached);
  expect((await execute('node', [elsewhere, workspace], app)).stdout).toEqual(reached);
  expect((await execute('node', [elsewhere, workspace], tmpdir())).stdout).toContain('is not installed');
});
