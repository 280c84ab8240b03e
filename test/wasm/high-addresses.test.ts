import {
  avgPool,
  backend,
  conv2d,
  engine,
  gather,
  getBackend,
  grads,
  matMul,
  maxPool,
  mean,
  mul,
  setBackend,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tensor,
  tensor1d,
  tidy,
} from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { softmaxOfBlock } from '../../src/losses/contrastive/fused-softmax.js';
import { fusedUpdates } from '../../src/optimizers/fused-updates.js';
import { batchNormalization } from '../../src/tensors/index.js';
import { sharedBytesOf } from '../../src/tensors/shared-bytes.js';
import { kernelModule, wasmMemory } from '../../src/wasm/module/kernel-module.js';
import { addressOf } from '../../src/wasm/module/tensor-address.js';
import { useBackend } from '../helpers/backend.js';
import { hashedTensor } from '../helpers/hashed-tensor.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import type { Allocator } from '../helpers/take-memory.js';

const before = getBackend();
beforeAll(() => useBackend('wasm'));
afterAll(() => setBackend(before));

/** One of each kernel, with results that depend on every address that it is given. */
function compute(): Tensor[] {
  const [few, many, rows] = [
    hashedTensor('few', [2, 9, 9, 3]),
    hashedTensor('many', [2, 12, 12, 16]),
    hashedTensor('rows', [40, 30]),
  ];
  const convolution = (filter: number[], x: Tensor, strides: number) => {
    const w = hashedTensor('w', filter);
    const conv = (a: Tensor, b: Tensor) => conv2d(a as Tensor4D, b as Tensor4D, strides, 'same');
    return [conv(x, w), ...grads(conv)([x, w])];
  };
  const max = (x: Tensor) => maxPool(x as Tensor4D, 3, 2, 'same');
  const average = (x: Tensor) => avgPool(x as Tensor4D, 3, 2, 'same');
  const {
    output,
    mean: means,
    variance,
  } = batchNormalization(hashedTensor('x', [200, 7]) as Tensor2D, { epsilon: 1e-5, groups: 1 });
  const softmax = softmaxOfBlock(
    hashedTensor('logits', [4, 8]) as Tensor2D,
    { start: 0, rows: 4 },
    { images: 4, views: 2, excluded: 'self', temperature: 1 },
  );
  const indices = tensor1d([3, 0, 3, 1], 'int32');
  const state = Object.fromEntries(
    ['value', 'gradient', 'velocity'].map((name) => [name, hashedTensor(name, [50])]),
  );
  const update = engine().runKernel(fusedUpdates.momentum, state, {
    learningRate: 0.1,
    momentum: 0.9,
    nesterov: false,
    weightDecay: 0.01,
    shrink: 1,
  }) as Tensor[];
  return [
    ...convolution([3, 3, 3, 5], few, 2),
    ...convolution([3, 3, 16, 24], many, 1),
    ...convolution([3, 3, 16, 19], many, 2),
    matMul(rows, hashedTensor('b', [30, 11])),
    matMul(rows, hashedTensor('b', [11, 30]), false, true),
    matMul(rows, hashedTensor('b', [40, 11]), true),
    max(many),
    ...grads((x: Tensor) => max(x))([many]),
    ...grads((x: Tensor) => average(x))([many]),
    sum(rows, 0),
    mean(rows, 1),
    mul(rows, hashedTensor('factors', [30])),
    output,
    means,
    variance,
    ...Object.values(softmax),
    ...grads((x: Tensor) => gather(x, indices))([rows]),
    ...update,
  ];
}

const piece = 2 ** 27;

/** Memory up to 2 GB, never touched, so that no machine has to find it. */
function holdTwoGigabytes(wasm: Allocator): number[] {
  const held = [wasm._malloc(piece)];
  while (held.at(-1)! >= 0 && held.at(-1)! <= 2 ** 31) held.push(wasm._malloc(piece));
  return held;
}

it('tensors lie beyond 2 GB also before the first kernel of this library', async () => {
  const { wasm } = backend() as unknown as { wasm: Allocator };
  const held = holdTwoGigabytes(wasm);
  const x = tensor(hashedValues('x', 2 ** 18), [2 ** 18]);
  try {
    expect(held.at(-1)).toBeGreaterThan(2 ** 31);
    expect(addressOf(x)).toBeGreaterThan(0);
    expect(await x.data()).toEqual(hashedValues('x', 2 ** 18));
  } finally {
    x.dispose();
    for (const address of held) wasm._free(address);
  }
});

it('kernels give the same bits beyond 2 GB, where addresses are negative as signed numbers', async () => {
  const values = async () => {
    const results = tidy(compute);
    const addresses = results.map(addressOf);
    const read = await Promise.all(results.map((result) => result.data()));
    const bytes = results.map((result) => {
      const shared = sharedBytesOf(result);
      return shared && new Float32Array(shared.slice().buffer);
    });
    for (const result of results) result.dispose();
    return { addresses, read, bytes };
  };
  const low = await expectTensors(0, values);

  const module = kernelModule();
  const { wasm } = backend() as unknown as { wasm: Allocator };
  const held = holdTwoGigabytes(wasm);
  // The working memory is asked for once more, beyond them.
  const { blocks } = module as unknown as { blocks: Map<string, { address: number; bytes: number }> };
  const lowBlocks = new Map(blocks);
  blocks.clear();
  if (lowBlocks.has('Control')) blocks.set('Control', lowBlocks.get('Control')!);
  lowBlocks.delete('Control'); // the threads know where it is
  // What is free below is filled, down to what the results are made of.
  const halves = Array.from({ length: 17 }, (_, index) => piece / 2 ** (index + 1));
  const small = Array.from({ length: 128 }, (_, index) => 8 * (128 - index));
  for (const bytes of [...halves, ...small]) {
    for (let address = wasm._malloc(bytes); ; address = wasm._malloc(bytes)) {
      held.push(address);
      if (address > 2 ** 31) break;
    }
  }
  try {
    const high = await expectTensors(0, values);
    for (const address of high.addresses) expect(address).toBeGreaterThan(2 ** 31);
    for (const [name, { address }] of blocks) {
      if (name !== 'Control') expect(address, name).toBeGreaterThan(2 ** 31);
    }
    expect(high.read).toEqual(low.read);
    expect(high.bytes).toEqual(low.bytes);
    expect(wasmMemory().heapBytes).toBeGreaterThan(2 ** 31);
  } finally {
    for (const address of held) wasm._free(address);
    for (const { address } of lowBlocks.values()) wasm._free(address);
  }
});
