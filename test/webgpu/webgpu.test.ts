// On a graphics adapter, or on the software adapter that Debian's chromium brings; tiny shapes, for that one is slow.
import {
  dispose,
  engine,
  getBackend,
  memory,
  mul,
  setBackend,
  sum,
  type Tensor,
  tensor,
  tidy,
  valueAndGrads,
  variable,
} from '@tensorflow/tfjs-core';
import { AdamW, type Callback, resnet18, SGD, SimCLR, simclrAugmentation } from 'simclr-ts';
import { checkBackend } from 'simclr-ts/training';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fusedKernels, runFused } from '../../src/tensors/fused-rows.js';
import { batchNormalization } from '../../src/tensors/index.js';
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { tinyPictures, tinySimCLR } from '../training/tiny.js';
import { startWebGPU } from './start.js';

function filled(name: string, shape: number[], scale = 1, offset = 0): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return tensor(
    hashedValues(name, count).map((value) => value * scale + offset),
    shape,
  );
}

/** What `compute` gives on the cpu backend and on WebGPU. */
async function onBoth(compute: () => Tensor[]): Promise<[Float32Array[], Float32Array[]]> {
  const on = async (name: string) => {
    await setBackend(name);
    const before = memory().numTensors;
    const tensors = tidy(compute);
    const values = await Promise.all(tensors.map((result) => result.data()));
    dispose(tensors);
    expect(memory().numTensors).toBe(before);
    return values as Float32Array[];
  };
  return [await on('cpu'), await on('webgpu')];
}

async function expectSame(compute: () => Tensor[], relative = 1e-5): Promise<void> {
  const [expected, actual] = await onBoth(compute);
  for (const [index, values] of expected.entries()) {
    expectClose(actual[index]!, values, { relative, absolute: 1e-6 });
  }
}

describe('WebGPU', () => {
  beforeAll(async () => {
    await startWebGPU();
  });
  afterAll(async () => {
    await setBackend('cpu');
  });

  it('is able to train', async () => {
    const simclr = tinySimCLR();
    const check = await checkBackend(simclr);
    expect(check).toMatchObject({ ok: true, backend: 'webgpu', wrongValues: [] });
    simclr.dispose();
  });

  it.each<[string, number[], number, (keyof typeof everything)[]]>([
    ['no extras', [6, 5], 1, []],
    ['all, four channels at a time', [4, 5, 3, 8], 2, ['gamma', 'beta', 'residual', 'relu']],
    ['all, one channel at a time', [4, 5, 5, 3], 1, ['gamma', 'beta', 'residual', 'relu']],
    ['many blocks of rows', [10, 9, 11, 4], 1, ['gamma', 'beta', 'relu']],
    ['ReLU6, four channels at a time', [4, 5, 3, 8], 2, ['gamma', 'beta', 'residual', 'relu6']],
    ['ReLU6, one channel at a time', [4, 5, 5, 3], 1, ['gamma', 'relu6']],
    ['a residual without ReLU', [4, 7, 4], 4, ['residual']],
  ])('normalizes batches as the plain operations do: %s', async (_, shape, groups, extras) => {
    await expectSame(() => {
      const channels = shape.slice(-1);
      const has = (name: keyof typeof everything) => extras.includes(name);
      const inputs: Record<string, Tensor> = { x: filled('x', shape, 2, 30) };
      if (has('gamma')) inputs.gamma = filled('gamma', channels, 0.5, 1);
      if (has('beta')) inputs.beta = filled('beta', channels);
      if (has('residual')) inputs.residual = filled('residual', shape);
      const names = Object.keys(inputs);
      const made: Tensor[] = [];
      const { grads } = valueAndGrads((...given: Tensor[]) => {
        const { x, ...rest } = Object.fromEntries(given.map((value, i) => [names[i]!, value]));
        const { output, mean, variance } = batchNormalization(x!, {
          ...rest,
          ...(has('relu') ? { activation: 'relu' as const } : {}),
          ...(has('relu6') ? { activation: 'relu6' as const } : {}),
          epsilon: 1e-5,
          groups,
        });
        made.push(...[output, mean, variance].map((value) => engine().keep(value.clone())));
        return sum(mul(output, filled('dy', shape)));
      })(Object.values(inputs));
      return [...made, ...grads];
    }, 5e-5);
  });

  it('runs its own kernels for that', () => {
    const [mean, variance] = runFused(fusedKernels.moments, { x: filled('own', [6, 2]) }, { groups: 1 });
    expect([mean!.shape, variance!.shape]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    dispose([mean!, variance!]);
  });

  it.each([
    ['SGD', () => new SGD({ learningRate: 0.1, momentum: 0.9, weightDecay: 0.01 })],
    ['SGD, Nesterov', () => new SGD({ learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 })],
    ['SGDW', () => new SGD({ learningRate: 0.1, weightDecay: 0.01, weightDecayMode: 'decoupled' })],
    ['AdamW', () => new AdamW({ learningRate: 0.01, weightDecay: 0.1 })],
  ])('updates weights as the plain operations do: %s', async (name, make) => {
    for (const shape of [[3, 4], [5], []]) {
      let count = 0;
      await expectSame(() => {
        const optimizer = make();
        const weight = variable(filled('weight', shape), true, `${name} ${shape} ${getBackend()} ${count++}`);
        for (let step = 0; step < 3; step++) {
          optimizer.applyGradients({ [weight.name]: filled(`gradient ${step}`, shape) });
        }
        const result = weight.clone();
        weight.dispose();
        optimizer.dispose();
        return [result];
      });
    }
  });

  it('trains as the cpu backend does, and leaks nothing', async () => {
    const losses: number[][] = [];
    for (const name of ['cpu', 'webgpu']) {
      await setBackend(name);
      const simclr = new SimCLR({
        encoder: resnet18({ inputShape: [8, 8, 3], stem: 'small', width: 4 }),
        augmentation: simclrAugmentation({ size: 8, blur: false }),
        projectionHead: { hidden: [8], outputDim: 4 },
        optimizer: new SGD({ learningRate: 0.05 }),
      });
      let [tensors, seen] = [0, 0];
      const onStepEnd: Callback['onStepEnd'] = ({ step }) => {
        if (step === 1) tensors = memory().numTensors;
        seen++;
      };
      const { steps, outcome } = await simclr.fit(tinyPictures(8), {
        batchSize: 4,
        epochs: 3,
        callbacks: [{ onStepEnd }],
      });
      expect([outcome, seen, steps.length]).toEqual(['completed', 6, 6]);
      expect(memory().numTensors).toBeLessThanOrEqual(tensors);
      losses.push(steps.map(({ loss }) => loss));
      simclr.dispose();
    }
    expectClose(losses[1]!, losses[0]!, { absolute: 2e-3 });
  });
});

const everything = { gamma: 1, beta: 1, residual: 1, relu: 1, relu6: 1 };
