import { getBackend, memory, mul, type Tensor, tensor4d, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import {
  AdamW,
  LARS,
  type NamedOptimizer,
  projectionHead,
  resnet18,
  SGD,
  SimCLR,
  simclrAugmentation,
} from 'simclr-ts';
import { describe, expect, it } from 'vitest';
import { normalizeImages } from '../../src/training/step/views.js';
import { expectClose } from '../helpers/close.js';
import { expectTensors } from '../helpers/leaks.js';
import { memoryStore } from './tiny.js';

// Plain JavaScript takes minutes for what the kernels do in seconds.
const [size, width] = getBackend() === 'cpu' ? [8, 2] : [16, 8];
const pictures = {
  data: Float32Array.from({ length: 8 * size * size * 3 }, (_, i) => ((i * 7919) % 256) / 255),
  shape: [8, size, size, 3] as [number, number, number, number],
};

function trainer(optimizer: NamedOptimizer = new SGD({ learningRate: 0.05, momentum: 0.9 })): SimCLR {
  return new SimCLR({
    encoder: resnet18({ inputShape: [size, size, 3], stem: 'small', width }),
    projectionHead: projectionHead({
      inputDim: 8 * width,
      hidden: [16],
      outputDim: 8,
      batchNormalization: { hidden: true, output: 'full' },
    }),
    augmentation: simclrAugmentation({ size, blur: false }),
    optimizer,
  });
}

function dispose(simclr: SimCLR): void {
  for (const part of [simclr, simclr.encoder, simclr.projectionHead, simclr.optimizer]) part.dispose();
}

/** Asserts that `embed` and `project` give what the layers give one by one with the weights of now. */
async function expectCurrent(simclr: SimCLR): Promise<Float32Array> {
  const { encoder, projectionHead: head, normalization } = simclr;
  const [h, z] = tidy(() => {
    const input = normalizeImages(normalization ?? null, tensor4d(pictures.data, pictures.shape));
    const representation = encoder.apply(input, { training: false }) as Tensor;
    return [representation, head.apply(representation, { training: false }) as Tensor];
  }) as [Tensor, Tensor];
  const embedded = await simclr.embed(pictures, { batchSize: 5 });
  const projected = await simclr.project(pictures, { batchSize: 5 });
  expectClose(await embedded.data(), await h.data(), { relative: 1e-4 });
  expectClose(await projected.data(), await z.data(), { relative: 1e-4 });
  const values = (await embedded.data()) as Float32Array;
  for (const tensor of [h, z, embedded, projected]) tensor.dispose();
  return values;
}

/** What changes weights; by name, so that a failure says which. */
const changes: [string, (simclr: SimCLR) => unknown][] = [
  ['a training step', (simclr) => simclr.trainStep(pictures)],
  ['a step in micro-batches', (simclr) => simclr.trainStep(pictures, { microBatchSize: 4 })],
  ['setWeights', ({ encoder }) => setScaled(encoder, 1.1)],
  ['running statistics alone', ({ encoder }) => setScaled(encoder, 1.3, /moving/)],
  ['one gamma', ({ encoder }) => setScaled(encoder, 0.5, /layer2\.0\.bn1\/gamma/)],
  ['one filter', ({ encoder }) => setScaled(encoder, 0.5, /layer3\.1\.conv2/)],
];

function setScaled({ weights }: LayersModel, factor: number, names = /./): void {
  tidy(() => {
    for (const weight of weights) if (names.test(weight.name)) weight.write(mul(weight.read(), factor));
  });
}

describe('embed after the weights changed', () => {
  it('is that of the weights of now, whatever changed them', async () => {
    await expectTensors(0, async () => {
      const simclr = trainer();
      await simclr.trainStep(pictures);
      let last = await expectCurrent(simclr);
      for (const [name, change] of changes) {
        await change(simclr);
        const values = await expectCurrent(simclr);
        expect(values, name).not.toEqual(last);
        last = values;
      }
      dispose(simclr);
    });
  });

  it.each<[string, () => NamedOptimizer]>([
    ['SGD', () => new SGD({ learningRate: 0.05 })],
    ['SGD with momentum', () => new SGD({ learningRate: 0.05, momentum: 0.9, nesterov: true })],
    ['AdamW', () => new AdamW({ learningRate: 0.01 })],
    ['LARS', () => new LARS({ learningRate: 0.5 })],
  ])('follows steps of %s', async (_, optimizer) => {
    const simclr = trainer(optimizer());
    const seen: Float32Array[] = [await expectCurrent(simclr)];
    for (let step = 0; step < 3; step++) {
      await simclr.trainStep(pictures);
      seen.push(await expectCurrent(simclr));
    }
    for (const [index, values] of seen.slice(1).entries()) expect(values).not.toEqual(seen[index]);
    dispose(simclr);
  });

  it('is the same in a trainer that a checkpoint restored', async () => {
    const simclr = trainer();
    await expectCurrent(simclr);
    await simclr.trainStep(pictures);
    const expected = await expectCurrent(simclr);
    const store = memoryStore();
    await simclr.save(store);
    dispose(simclr);
    const loaded = await SimCLR.load(store);
    expect(await expectCurrent(loaded)).toEqual(expected);
    loaded.dispose();
  });

  it('takes no more memory than before, however often they change', async () => {
    const simclr = trainer();
    const wasm = getBackend() === 'wasm' ? await import('simclr-ts/wasm') : undefined;
    const state = () => ({
      tensors: memory().numTensors,
      bytes: memory().numBytes,
      kernels: wasm?.wasmMemory().kernelBytes,
    });
    const embed = async () => (await simclr.embed(pictures, { batchSize: 5 })).dispose();
    for (let step = 0; step < 3; step++) {
      await simclr.trainStep(pictures);
      await embed();
    }
    const before = state();
    for (let step = 0; step < 10; step++) {
      await simclr.trainStep(pictures);
      await embed();
      await embed();
      expect(state(), `step ${step}`).toEqual(before);
    }
    dispose(simclr);
  });
});
