import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { consumer } from './packed.js';

const run = promisify(execFile);
let folder: string;
let dispose: () => Promise<void>;

beforeAll(async () => {
  ({ folder, dispose } = await consumer());
});
afterAll(() => dispose());

/** A program that has both builds of the package: `esm` and `cjs`, with their subpaths. */
async function program(name: string, body: string): Promise<string> {
  await writeFile(
    join(folder, name),
    `import { createRequire } from 'node:module';
     import '@tensorflow/tfjs-backend-cpu';
     import * as tf from '@tensorflow/tfjs-core';
     tf.env().set('IS_NODE', false); // no advice to install tfjs-node
     const require = createRequire(import.meta.url);
     const [esm, cjs] = [await import('simclr-ts'), require('simclr-ts')];
     const pictures = { data: Uint8Array.from({ length: 4 * 8 * 8 * 3 }, (_, i) => (i * 37) % 256), shape: [4, 8, 8, 3] };
     ${body}`,
  );
  const { stdout, stderr } = await run('node', [name], { cwd: folder });
  expect(stderr).toBe('');
  return stdout.trim();
}

it('trains, saves and loads with parts that the other build made', async () => {
  const out = await program(
    'parts.mjs',
    `for (const [ours, theirs] of [[esm, cjs], [cjs, esm]]) {
       const make = () => ({
         encoder: theirs.resnet18({ inputShape: [8, 8, 3], stem: 'small', width: 2 }),
         projectionHead: theirs.projectionHead({ inputDim: 16, hidden: [8], outputDim: 4 }),
       });
       const optimizer = () => new theirs.LARS({ learningRate: theirs.constantSchedule(0.1) });
       const simclr = new ours.SimCLR({
         ...make(),
         optimizer: optimizer(),
         augmentation: theirs.simclrAugmentation({ size: 8 }),
         loss: theirs.lossFromConfig({ name: 'ntXentQueue', queueSize: 4 }, { dim: 4 }),
       });
       await simclr.fit(pictures, { batchSize: 4, callbacks: [theirs.earlyStopping()] });
       let saved;
       await simclr.save({ save: async (artifacts) => ((saved = artifacts), { modelArtifactsInfo: {} }) });
       const loaded = await ours.SimCLR.load({ load: async () => saved }, { ...make(), optimizer: optimizer() });
       const same = [simclr, loaded].map(({ optimizer }) => optimizer.iterations);
       const weights = [...ours.torchvisionWeights(theirs.resnet18({ width: 2 }))].length;
       console.log(loaded.progress.step, same.join(), loaded.loss.name, weights > 50);
     }`,
  );
  expect(out).toBe('1 1,1 ntXentQueue true\n1 1,1 ntXentQueue true');
});

it('knows the errors of the other build', async () => {
  const out = await program(
    'errors.mjs',
    `for (const [ours, theirs] of [[esm, cjs], [cjs, esm]]) {
       const gray = { data: new Uint8Array(12), shape: [2, 2, 3] };
       const decode = async (records) => records.map((_, i) => (i === 0 ? new theirs.DataError('torn', 'a') : gray));
       const dataset = ours.imageStream(ours.stream([{ name: 'a' }, { name: 'b' }, { name: 'c' }]), { decode });
       const pass = { epoch: 0, seed: 0, shuffle: false, batchSize: 3, dropRemainder: true, startBatch: 0 };
       for await (const { images } of dataset(pass)) console.log(images.shape.join(), dataset.skipped[0].reason);
       const source = { name: 'x', async *open() { throw new theirs.DataError('its own words', 'x'); } };
       await (async () => { for await (const _ of ours.tarEntries(source)); })().catch((error) => console.log(error.message));
       const custom = { sick: () => { throw new theirs.InvalidOptionError('sick: said by its owner.'); } };
       try { ours.transformFromConfig({ name: 'sick' }, custom); } catch (error) { console.log(error.message); }
     }`,
  );
  const each = '2,2,2,3 torn\nits own words\nsick: said by its owner.';
  expect(out).toBe(`${each}\n${each}`);
});
