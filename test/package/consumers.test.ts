import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unpack } from '../data/fixture-files.js';
import archives from '../fixtures/data/tar.json' with { type: 'json' };
import { consumer, execute, packageJson, root, subpaths } from './packed.js';

let folder = '';
let dispose = async () => {};
beforeAll(async () => {
  ({ folder, dispose } = await consumer());
});
afterAll(() => dispose());

/** What each consumer does: a loss, a step of training on a tiny encoder, an embedding. */
const body = `
  await tf.setBackend('wasm');
  const { SimCLR, projectionHead, simclrAugmentation } = simclr;
  const encoder = layers.sequential({ layers: [
    layers.layers.conv2d({ inputShape: [8, 8, 3], filters: 4, kernelSize: 3, activation: 'relu' }),
    layers.layers.globalAveragePooling2d({}),
  ] });
  const model = new SimCLR({
    encoder,
    projectionHead: projectionHead({ inputDim: 4, hidden: [8], outputDim: 4 }),
    augmentation: simclrAugmentation({ size: 8 }),
  });
  const images = { data: new Uint8Array(4 * 192).map((_, i) => (i * 37) % 256), shape: [4, 8, 8, 3] };
  const { loss } = await model.trainStep(images);
  const h = await model.embed(images);
  console.log(Number.isFinite(loss), h.shape.join('x'), new subpath.ShapeError('x') instanceof simclr.SimCLRError);
`;

describe('a consumer of the packed package', () => {
  it('runs as an ES module, with an empty stderr', async () => {
    await writeFile(
      join(folder, 'consumer.mjs'),
      `import * as tf from '@tensorflow/tfjs-core';
       import 'simclr-ts/wasm';
       import * as layers from '@tensorflow/tfjs-layers';
       import * as simclr from 'simclr-ts';
       import * as subpath from 'simclr-ts/errors';
       ${body}`,
    );
    const { stdout, stderr } = await execute('node', ['consumer.mjs'], folder);
    expect(stdout.trim()).toBe('true 4x4 true');
    expect(stderr).toBe('');
  });

  it('runs as CommonJS, with an empty stderr', async () => {
    await writeFile(
      join(folder, 'consumer.cjs'),
      `const tf = require('@tensorflow/tfjs-core');
       require('simclr-ts/wasm');
       const layers = require('@tensorflow/tfjs-layers');
       const simclr = require('simclr-ts');
       const subpath = require('simclr-ts/errors');
       (async () => { ${body} })();`,
    );
    const { stdout, stderr } = await execute('node', ['consumer.cjs'], folder);
    expect(stdout.trim()).toBe('true 4x4 true');
    expect(stderr).toBe('');
  });

  it('imports every subpath both ways', async () => {
    const names = (await subpaths()).map((path) => path.replace(/^\./, 'simclr-ts'));
    await writeFile(
      join(folder, 'all.mjs'),
      `import { createRequire } from 'node:module';
       const require = createRequire(import.meta.url);
       for (const name of ${JSON.stringify(names)}) {
         const a = Object.keys(await import(name)).sort(), b = Object.keys(require(name)).sort();
         if (a.length === 0 || a.join() !== b.join()) throw new Error(name + ': ' + a + ' / ' + b);
       }
       console.log('same');`,
    );
    const { stdout, stderr } = await execute('node', ['all.mjs'], folder);
    expect(stdout.trim()).toBe('same');
    expect(stderr).toBe('');
  });

  it('reads archives as CommonJS where require() takes no ES module, as under Jest and before Node 20.19', async () => {
    const [archive] = Object.values(archives.archives);
    await writeFile(join(folder, 'a.tar'), unpack(archive!.archive));
    await writeFile(
      join(folder, 'archive.cjs'),
      `const { tarEntries } = require('simclr-ts/data');
       const { fileSource } = require('simclr-ts/node');
       (async () => {
         for await (const { name } of tarEntries(fileSource('a.tar'))) console.log(name);
       })();`,
    );
    const flags = ['--no-experimental-require-module', 'archive.cjs'];
    const { stdout, stderr } = await execute('node', flags, folder);
    expect(stdout.trim().split('\n').sort()).toEqual(archive!.entries.map(({ name }) => name));
    expect(stderr).toBe('');
  });

  it('type-checks from its declarations, options and results', async () => {
    await writeFile(
      join(folder, 'consumer.ts'),
      `import type { Scalar, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
       import { LARS, ntXentLoss, resnet18, SimCLR, warmupCosineSchedule, type History } from 'simclr-ts';
       import { directory } from 'simclr-ts/node';
       import { registerTrainingKernels } from 'simclr-ts/wasm';
       export async function use(images: Tensor4D, z: Tensor2D): Promise<History> {
         const loss: Scalar = ntXentLoss(z, z, { temperature: 0.5 });
         loss.dispose();
         registerTrainingKernels();
         const learningRate = warmupCosineSchedule({ peak: 1, warmupSteps: 10, totalSteps: 100 });
         const simclr = new SimCLR({ encoder: resnet18({ stem: 'small' }), optimizer: new LARS({ learningRate }) });
         await simclr.save(directory('out'));
         // @ts-expect-error a temperature is a number
         new SimCLR({ temperature: 'hot' });
         // @ts-expect-error no such stem
         resnet18({ stem: 'tiny' });
         return simclr.fit(images, { epochs: 2, batchSize: 32 });
       }`,
    );
    const options = {
      module: 'nodenext',
      target: 'es2022',
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: [],
    };
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: options, files: ['consumer.ts'] }),
    );
    await execute('node', [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], folder);
  });

  it('carries what it should and nothing else', async () => {
    const { stdout } = await execute('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], root);
    const [{ files }] = Object.values(JSON.parse(stdout)) as [{ files: { path: string }[] }];
    const folders = new Set(files.map(({ path }) => path.split('/')[0]));
    expect([...folders].sort()).toEqual([
      'CHANGELOG.md',
      'CONTRIBUTING.md',
      'LICENSE',
      'README.md',
      'dist',
      'docs',
      'package.json',
    ]);
    const { dependencies } = await packageJson();
    expect(Object.keys(dependencies)).toEqual(['cli-progress', 'comlink', 'commander', 'papaparse']);
  });
});
