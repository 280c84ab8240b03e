import { fill, getBackend, memory, setBackend } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BackendError } from '../../src/errors/index.js';
import { projectionHead, SGD, SimCLR, simclrAugmentation } from '../../src/index.js';
import { resnet18 } from '../../src/models/index.js';
import { wasmMemory } from '../../src/wasm/index.js';
import { guardAllocations } from '../../src/wasm/module/memory.js';
import { useBackend } from '../helpers/backend.js';
import { isFurtherBuild } from '../helpers/setting.js';
import { takeMemory } from '../helpers/take-memory.js';

const before = getBackend();
beforeAll(() => useBackend('wasm'));
afterAll(() => setBackend(before));

describe('memory of the wasm backend', () => {
  const steps = isFurtherBuild() ? 50 : 200;
  it(`does not grow over ${steps} steps: tensors, heap, working memory`, async () => {
    const simclr = new SimCLR({
      encoder: resnet18({ inputShape: [16, 16, 3], stem: 'imagenet', width: 8 }),
      projectionHead: projectionHead({ inputDim: 64, hidden: [16], outputDim: 8 }),
      augmentation: simclrAugmentation({ size: 16 }),
      optimizer: new SGD({ learningRate: 0.01, momentum: 0.9 }),
    });
    const images = {
      data: new Uint8Array(8 * 768).map((_, i) => (i * 7919) % 256),
      shape: [8, 16, 16, 3] as [number, number, number, number],
    };
    const state = () => ({ tensors: memory().numTensors, bytes: memory().numBytes, ...wasmMemory() });
    for (let step = 0; step < 3; step++) await simclr.trainStep(images);
    const afterThree = state();
    for (let step = 3; step < steps; step++) await simclr.trainStep(images);
    expect(state()).toEqual(afterThree);
    simclr.dispose();
  });

  it('full is an error that says what to lower, whoever asked for memory', async () => {
    const heldBefore = memory().numTensors;
    const giveBack = takeMemory(2 ** 28);
    const another = () => fill([2 ** 26], 1);
    expect(another).toThrow(BackendError);
    expect(another).toThrow(
      /cannot allocate another 256 MB: .* Lower the batch size, or train in micro-batches/,
    );
    giveBack();
    another().dispose();
    expect(memory().numTensors).toBe(heldBefore);
  });

  it('full is an error of the step that says how many pictures it had', async () => {
    const simclr = new SimCLR({
      encoder: resnet18({ inputShape: [32, 32, 3], stem: 'small', width: 8 }),
      projectionHead: projectionHead({ inputDim: 64, hidden: [16], outputDim: 8 }),
      augmentation: simclrAugmentation({ size: 32 }),
    });
    const giveBack = takeMemory(2 ** 26);
    const images = {
      data: new Uint8Array(512 * 3072),
      shape: [512, 32, 32, 3] as [number, number, number, number],
    };
    const held = memory().numTensors;
    await expect(simclr.trainStep(images)).rejects.toThrow(
      /memory is full in a step of 512 pictures, 512 at a time; set microBatchSize to a divisor of 512/,
    );
    expect(memory().numTensors).toBe(held);
    giveBack();
    simclr.dispose();
  });

  it('an allocator that returns 0, or more than there is, throws; addresses beyond 2 GB are positive', () => {
    const places: Record<number, number> = { 8: -16, [3 * 2 ** 20]: 0, 32: -16 };
    const allocator = { _malloc: (bytes: number) => places[bytes]!, _free: () => {} };
    guardAllocations(allocator, { buffer: { byteLength: 2 ** 32 } as ArrayBuffer });
    expect(allocator._malloc(8)).toBe(2 ** 32 - 16);
    expect(() => allocator._malloc(3 * 2 ** 20)).toThrow(/cannot allocate another 3 MB/);
    expect(() => allocator._malloc(32)).toThrow(/cannot allocate/);
  });

  it('is asked of the wasm backend alone', async () => {
    await useBackend('cpu');
    expect(() => wasmMemory()).toThrow(
      /^wasmMemory: the wasm backend must be active\. Received: backend='cpu'/,
    );
    await useBackend('wasm');
  });
});
