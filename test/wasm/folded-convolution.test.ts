import {
  add,
  getBackend,
  mul,
  setBackend,
  square,
  type Tensor,
  type Tensor1D,
  type Tensor4D,
  tidy,
  variable,
} from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Activation,
  type FoldedConvolutionOptions,
  foldedConvolution,
} from '../../src/tensors/index.js';
import { wasmMemory } from '../../src/wasm/index.js';
import { useBackend } from '../helpers/backend.js';
import { expectClose } from '../helpers/close.js';
import { hashedTensor } from '../helpers/hashed-tensor.js';
import { expectTensors } from '../helpers/leaks.js';
import { takeMemory } from '../helpers/take-memory.js';
import { onBoth } from './backends.js';

const before = getBackend();
beforeAll(() => useBackend('wasm'));
afterAll(() => setBackend(before));

interface Convolution {
  input: [number, number, number, number];
  outputs: number;
  kernel: number;
  stride: number;
  pad: FoldedConvolutionOptions['pad'];
  followers: {
    bias: boolean;
    normalization: boolean;
    affine: boolean;
    residual: boolean;
    activation: Activation | undefined;
  };
}

const followers = fc.record({
  bias: fc.boolean(),
  normalization: fc.boolean(),
  affine: fc.boolean(),
  residual: fc.boolean(),
  activation: fc.constantFrom(undefined, 'relu' as const, 'relu6' as const),
});

const channelsOf = (name: string, count: number) => hashedTensor(name, [count]) as Tensor1D;

function statistics(outputs: number, affine: boolean) {
  return {
    mean: channelsOf('mean', outputs),
    variance: add(square(channelsOf('variance', outputs)), 0.1) as Tensor1D,
    epsilon: 1e-3,
    ...(affine && { gamma: channelsOf('gamma', outputs), beta: channelsOf('beta', outputs) }),
  };
}

function compute({ input, outputs, kernel, stride, pad, followers }: Convolution): Tensor4D {
  const x = hashedTensor('x', input) as Tensor4D;
  const filter = hashedTensor('w', [kernel, kernel, input[3], outputs]) as Tensor4D;
  const options: FoldedConvolutionOptions = { strides: stride, pad };
  const { shape } = foldedConvolution(x, filter, options);
  return foldedConvolution(x, filter, {
    ...options,
    ...(followers.bias && { bias: channelsOf('bias', outputs) }),
    ...(followers.normalization && { normalization: statistics(outputs, followers.affine) }),
    ...(followers.residual && { residual: hashedTensor('residual', shape) as Tensor4D }),
    activation: followers.activation,
  });
}

async function expectEqualOnBoth(convolution: Convolution): Promise<void> {
  const [[expected], [actual]] = await onBoth(() => compute(convolution));
  // Values that ReLU6 cuts off would give a larger scale: the error comes from the sums before it.
  const relative = convolution.followers.activation === 'relu6' ? 1e-4 : 2e-5;
  expectClose(actual!, expected!, { relative });
}

describe('a convolution with what follows it on wasm', () => {
  it("is the cpu backend's over generated shapes", async () => {
    const convolutions = fc
      .record({
        batch: fc.integer({ min: 1, max: 3 }),
        height: fc.integer({ min: 7, max: 11 }),
        width: fc.integer({ min: 7, max: 11 }),
        channels: fc.constantFrom(1, 3, 16, 19),
        outputs: fc.constantFrom(1, 6, 16, 23),
        kernel: fc.constantFrom(1, 3, 5, 7),
        stride: fc.integer({ min: 1, max: 3 }),
        pad: fc.constantFrom<Convolution['pad']>(
          'same',
          'valid',
          [
            [1, 0],
            [0, 1],
          ],
          [
            [1, 1],
            [1, 1],
          ],
        ),
        followers,
      })
      .map(({ batch, height, width, channels, ...rest }): Convolution => {
        return { input: [batch, height, width, channels], ...rest };
      });
    await expectTensors(0, () =>
      fc.assert(fc.asyncProperty(convolutions, expectEqualOnBoth), { numRuns: 100, seed: 1 }),
    );
  });

  it("is the cpu backend's by Winograd's algorithm, for tiles of 4x4 and of 3x3", async () => {
    const convolutions = fc
      .record({
        size: fc.constantFrom(4, 6, 8, 9, 10),
        channels: fc.constantFrom(16, 40),
        outputs: fc.constantFrom(16, 24, 40),
        pad: fc.constantFrom<Convolution['pad']>('same', 'valid', [
          [1, 1],
          [1, 1],
        ]),
        followers,
      })
      .map(({ size, channels, ...rest }): Convolution => {
        return { input: [2, size, size, channels], kernel: 3, stride: 1, ...rest };
      });
    await expectTensors(0, () =>
      fc.assert(fc.asyncProperty(convolutions, expectEqualOnBoth), { numRuns: 40, seed: 2 }),
    );
  });

  it("is the cpu backend's where regions of the output have regions of the filter", async () => {
    const all = {
      bias: true,
      normalization: true,
      affine: true,
      residual: true,
      activation: 'relu' as const,
    };
    for (const size of [1, 2, 3]) {
      for (const stride of [1, 2]) {
        await expectEqualOnBoth({
          input: [70, size, size, 19],
          outputs: 9,
          kernel: 3,
          stride,
          pad: 'same',
          followers: all,
        });
      }
    }
  });

  it('is zero pictures for none, and what follows for a filter without inputs', async () => {
    await expectTensors(0, async () => {
      const [[expected], [actual]] = await onBoth(() => [
        foldedConvolution(
          hashedTensor('x', [1, 4, 4, 0]) as Tensor4D,
          hashedTensor('w', [3, 3, 0, 8]) as Tensor4D,
          {
            strides: 1,
            pad: 'same',
            bias: channelsOf('bias', 8),
            activation: 'relu',
          },
        ),
      ]);
      expectClose(actual!, expected!, {});
      const [, [none]] = await onBoth(() => [
        foldedConvolution(
          hashedTensor('x', [0, 4, 4, 3]) as Tensor4D,
          hashedTensor('w', [3, 3, 3, 8]) as Tensor4D,
          {
            strides: 1,
            pad: 'same',
          },
        ),
      ]);
      expect(none).toHaveLength(0);
    });
  });
});

/** Weights that change, a convolution of them, and its values on the backend that is active. */
function changing(outputs = 16) {
  const x = hashedTensor('x', [2, 8, 8, 16]) as Tensor4D;
  const make = (initial: () => Tensor) => {
    const tensor = tidy(initial);
    const made = variable(tensor);
    tensor.dispose();
    return made;
  };
  const hashed = (name: string, shape: number[]) => make(() => hashedTensor(name, shape));
  const weights = {
    filter: hashed('w', [3, 3, 16, outputs]),
    bias: hashed('bias', [outputs]),
    mean: hashed('mean', [outputs]),
    variance: make(() => statistics(outputs, false).variance),
    gamma: hashed('gamma', [outputs]),
    beta: hashed('beta', [outputs]),
  };
  const result = (epsilon = 1e-3) => {
    const { filter, bias, mean, variance, gamma, beta } = weights as unknown as Record<string, Tensor1D>;
    return foldedConvolution(x, filter as unknown as Tensor4D, {
      strides: 1,
      pad: 'same',
      bias: bias!,
      normalization: { mean: mean!, variance: variance!, gamma: gamma!, beta: beta!, epsilon },
    });
  };
  const values = async (epsilon?: number) => {
    const tensor = result(epsilon);
    const data = (await tensor.data()) as Float32Array;
    tensor.dispose();
    return data;
  };
  const dispose = () => {
    for (const tensor of [x, ...Object.values(weights)]) tensor.dispose();
  };
  return { x, weights, values, dispose };
}

/** What the cpu backend gives for the same tensors, which are moved there and back. */
async function onCPU(values: () => Promise<Float32Array>): Promise<Float32Array> {
  await setBackend('cpu');
  const data = await values();
  await setBackend('wasm');
  return data;
}

const bytesOf = () => wasmMemory().kernelBytes;

describe('filters that the kernels keep', () => {
  it('are kept while nothing changes, and freed with their tensors', async () => {
    await setBackend('wasm');
    const empty = changing();
    await empty.values();
    empty.dispose();
    const start = bytesOf();
    const convolution = changing();
    const first = await convolution.values();
    const kept = bytesOf();
    expect(kept).toBeGreaterThan(start);
    expect(await convolution.values()).toEqual(first);
    expect(bytesOf()).toBe(kept);
    convolution.dispose();
    expect(bytesOf()).toBe(start);
  });

  it.each(['filter', 'bias', 'mean', 'variance', 'gamma', 'beta'] as const)(
    'follow an assignment to %s',
    async (name) => {
      await setBackend('wasm');
      const convolution = changing();
      const kept = [];
      for (let round = 0; round < 4; round++) {
        const actual = await convolution.values();
        kept.push(bytesOf());
        const variable = convolution.weights[name];
        const other = mul(variable as Tensor, 1.5) as never;
        variable.assign(other);
        (other as Tensor).dispose();
        const changed = await convolution.values();
        expect(changed, `round ${round}`).not.toEqual(actual);
        expectClose(changed, await onCPU(convolution.values), { relative: 2e-5 });
      }
      expect(new Set(kept.slice(1)).size, 'bytes after each change').toBe(1);
      convolution.dispose();
    },
  );

  it('are not those of other tensors at the same address', async () => {
    await setBackend('wasm');
    const seen = new Set<string>();
    for (let round = 0; round < 6; round++) {
      const x = hashedTensor('x', [1, 8, 8, 16]) as Tensor4D;
      const filter = hashedTensor(`w${round}`, [3, 3, 16, 16]) as Tensor4D;
      const result = foldedConvolution(x, filter, { strides: 1, pad: 'same' });
      seen.add(String(await result.data()));
      for (const tensor of [x, filter, result]) tensor.dispose();
    }
    expect(seen.size).toBe(6);
  });

  it('depend on epsilon, and on which tensor is which', async () => {
    await setBackend('wasm');
    const convolution = changing();
    const small = await convolution.values(1e-3);
    expect(await convolution.values(1)).not.toEqual(small);
    expect(await convolution.values(1e-3)).toEqual(small);
    const { weights } = convolution;
    [weights.gamma, weights.beta] = [weights.beta, weights.gamma];
    const swapped = await convolution.values(1e-3);
    expect(swapped).not.toEqual(small);
    expectClose(swapped, await onCPU(() => convolution.values(1e-3)), { relative: 2e-5 });
    convolution.dispose();
  });

  it('outlive one of two tensors with the same data, and not the second', async () => {
    await setBackend('wasm');
    const convolution = changing();
    const first = await convolution.values();
    const kept = bytesOf();
    const clones = Object.values(convolution.weights).map((weight) => (weight as Tensor).clone());
    convolution.dispose();
    expect(bytesOf()).toBe(kept);
    const [filter, bias, mean, variance, gamma, beta] = clones as unknown as Tensor1D[];
    const x = hashedTensor('x', [2, 8, 8, 16]) as Tensor4D;
    const result = foldedConvolution(x, filter as unknown as Tensor4D, {
      strides: 1,
      pad: 'same',
      bias: bias!,
      normalization: { mean: mean!, variance: variance!, gamma: gamma!, beta: beta!, epsilon: 1e-3 },
    });
    expect(await result.data()).toEqual(first);
    for (const tensor of [x, result, ...clones]) tensor.dispose();
    expect(bytesOf()).toBeLessThan(kept);
  });

  it('are given up when memory is full', async () => {
    await setBackend('wasm');
    const convolution = changing();
    const first = await convolution.values();
    const kept = bytesOf();
    const giveBack = takeMemory(2 ** 26);
    expect(bytesOf()).toBeLessThan(kept);
    giveBack();
    expect(await convolution.values()).toEqual(first);
    expect(bytesOf()).toBe(kept);
    convolution.dispose();
  });
});
