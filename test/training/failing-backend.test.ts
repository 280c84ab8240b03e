import {
  getBackend,
  getKernel,
  type KernelConfig,
  memory,
  registerKernel,
  scalar,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import { SimCLR } from 'simclr-ts';
import { singleProcess } from 'simclr-ts/distributed';
import { afterEach, describe, expect, it } from 'vitest';
import { requireSynchronous } from '../../src/distributed/gather-projections.js';
import { fromData } from '../../src/errors/from-data.js';
import { checkBackend, checkpoint } from '../../src/training/index.js';
import { memoryCheckpoints } from './memory-checkpoints.js';
import { memoryStore, rejection, tinyEncoder, tinyPictures, tinySimCLR } from './tiny.js';

const broken: KernelConfig[] = [];

/** Lets a kernel of the active backend fail until the test ends. */
function breakKernel(name: string, message: string): void {
  const backendName = getBackend();
  const kernel = getKernel(name, backendName)!;
  broken.push(kernel);
  unregisterKernel(name, backendName);
  const kernelFunc = () => {
    throw new Error(message);
  };
  registerKernel({ kernelName: name, backendName, kernelFunc });
}

afterEach(() => {
  for (const kernel of broken.splice(0)) {
    unregisterKernel(kernel.kernelName, kernel.backendName);
    registerKernel(kernel);
  }
});

describe('a backend that fails while parts are made', () => {
  it('is not said to be a wrong loss, whatever it says', () => {
    const parts = tinySimCLR();
    const { numTensors } = memory();
    // LogSumExp's or the fused kernel's parts: every backend takes the exponential or a softmax of ours.
    for (const name of ['Exp', 'Sum', 'BatchMatMul', 'SimCLRNormalizeRows']) {
      if (getKernel(name, getBackend())) breakKernel(name, 'the device is on fire');
    }
    expect(() => new SimCLR({ encoder: parts.encoder, projectionHead: parts.projectionHead })).toThrow(
      /^the device is on fire/,
    );
    expect(memory().numTensors).toBe(numTensors);
    parts.dispose();
  });

  it.each([
    ["Kernel 'X' not registered for backend 'cpu'", /^The active backend '\w+' failed\. It said: Kernel 'X'/],
    ['Array buffer allocation failed', /failed\. It said: Array buffer allocation failed/],
    ['No backend found in registry.', /^A backend of TensorFlow\.js must be active/],
  ])('is named for what it is: %s', (message, expected) => {
    const make = () =>
      fromData('SimCLR', 'encoder', {}, () => {
        throw new Error(message);
      });
    expect(make).toThrow(
      expect.objectContaining({ name: 'BackendError', message: expect.stringMatching(expected) }),
    );
  });

  it('or while a file is loaded is not reported as a damaged file', async () => {
    const store = memoryStore();
    const simclr = tinySimCLR();
    await simclr.save(store);
    simclr.dispose();
    const message = 'Failed to compile fragment shader.';
    for (const name of ['Exp', 'Sum', 'BatchMatMul', 'SimCLRNormalizeRows']) {
      if (getKernel(name, getBackend())) breakKernel(name, message);
    }
    expect(await rejection(SimCLR.load(store))).toMatchObject({
      name: 'BackendError',
      message: expect.stringContaining(message),
    });
  });

  it('cannot train, and the check says why', async () => {
    const encoder = tinyEncoder();
    breakKernel('Conv2D', 'the device is on fire');
    const { message } = await checkBackend({ encoder });
    expect(message).toContain('conv2d fails (the device is on fire)');
    encoder.dispose();
  });
});

describe('errors of another cause', () => {
  it('of data that something cannot be made from have the reason', () => {
    expect(() =>
      fromData('SimCLR', 'encoder', {}, () => {
        throw new TypeError('x is not iterable');
      }),
    ).toThrow(
      'SimCLR: encoder could not be made from its data. Received: encoder=Object (x is not iterable).',
    );
  });

  it('of a kernel are not said to be about reading at once', () => {
    breakKernel('Add', 'the device is on fire');
    expect(() => requireSynchronous('x', { ...singleProcess(), synchronous: {} } as never)).toThrow(
      'the device is on fire',
    );
    scalar(1).dispose();
  });

  it('of a store that fails does not let a new run replace a longer one', async () => {
    const store = memoryCheckpoints();
    const simclr = tinySimCLR();
    await simclr.fit(tinyPictures(8), { batchSize: 4, callbacks: [checkpoint(store)] });
    const { at } = store;
    store.at = (name) => ({
      ...at.call(store, name),
      load: () => Promise.reject(new Error('too many open files')),
    });
    const other = tinySimCLR();
    const error = await rejection(
      other.fit(tinyPictures(8), { batchSize: 4, callbacks: [checkpoint(store)] }),
    );
    expect(error.message).toContain('too many open files');
    expect([...store.saved.keys()]).toContain('step-0000000002');
    other.dispose();
    simclr.dispose();
  });
});
