import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import {
  copyRegisteredKernels,
  engine,
  env,
  getBackend,
  getGradient,
  getKernel,
  type KernelConfig,
  mul,
  registerBackend,
  registerGradient,
  registerKernel,
  removeBackend,
  type Scalar,
  scalar,
  setBackend,
  sum,
  type Tensor,
  type Tensor2D,
  unregisterGradient,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { projectionHead, resnet18, simclrAugmentation } from 'simclr-ts';
import { stageEncoder } from 'simclr-ts/features';
import { checkBackend } from 'simclr-ts/training';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { knownOperations } from '../../../src/training/preflight/known-operations.js';
import { knownValues } from '../../../src/training/preflight/known-values.js';
import reference from '../../fixtures/training/known-values.json' with { type: 'json' };
import { expectTensors } from '../../helpers/leaks.js';
import { rejection, tinyEncoder, tinyPictures, tinySimCLR, weightValues } from '../tiny.js';

const healthy = getBackend();

/** A backend like the one that the tests run on, with other kernels. Only the cpu backend can be had twice. */
async function fakeBackend(name: string, change: (kernel: KernelConfig) => KernelConfig | undefined) {
  await import('@tensorflow/tfjs-backend-cpu');
  copyRegisteredKernels('cpu', name);
  for (const kernelName of ['Abs', 'Conv2D', 'Conv2DBackpropFilter', 'MaxPoolGrad', 'Relu']) {
    const kernel = getKernel(kernelName, name)!;
    const changed = change(kernel);
    if (changed === kernel) continue;
    unregisterKernel(kernelName, name);
    if (changed) registerKernel(changed);
  }
  registerBackend(name, () => new MathBackendCPU());
  await setBackend(name);
  env().set('IS_TEST', true); // quiet: the backend's first use advises to take another one
  scalar(0).dispose();
  env().set('IS_TEST', false);
}

afterEach(async () => {
  await setBackend(healthy);
});

const changed = (names: string[], wrap: (values: Float32Array) => void) => (kernel: KernelConfig) =>
  names.includes(kernel.kernelName)
    ? {
        ...kernel,
        kernelFunc: ((parameters: Parameters<KernelConfig['kernelFunc']>[0]) => {
          const result = kernel.kernelFunc(parameters) as { dataId: object };
          const { data } = parameters.backend as { data: { get(id: object): { values: Float32Array } } };
          wrap(data.get(result.dataId).values);
          return result;
        }) as KernelConfig['kernelFunc'],
      }
    : kernel;

describe('the known values', () => {
  it('are those of PyTorch', () => {
    expect(knownValues).toEqual(reference.operations);
    expect(knownOperations.map(({ name }) => name)).toEqual(Object.keys(reference.operations));
  });
});

describe('checkBackend', () => {
  it('finds a healthy backend able, and changes nothing', async () => {
    const simclr = tinySimCLR({
      encoder: resnet18({ inputShape: [24, 20, 3], width: 4 }),
      projectionHead: projectionHead({ inputDim: 32, hidden: [8], outputDim: 4 }),
      augmentation: simclrAugmentation({ size: [24, 20] }),
    });
    const before = weightValues(simclr);
    const check = await expectTensors(0, () => checkBackend(simclr));
    expect(check).toMatchObject({
      ok: true,
      backend: healthy,
      missingKernels: [],
      missingGradients: [],
      wrongValues: [],
      message: `The backend '${healthy}' can train.`,
    });
    expect(check.kernels).toContain('BatchMatMul');
    expect(check.gradients.length).toBeGreaterThan(3);
    expect(weightValues(simclr)).toEqual(before);
    expect(simclr.progress.step).toBe(0);
    simclr.dispose();
  });

  it('tries the operations alone without an encoder', async () => {
    const check = await expectTensors(0, () => checkBackend());
    expect(check.ok).toBe(true);
    expect(check.kernels).toEqual(expect.arrayContaining(['Conv2D', 'Conv2DBackpropFilter', 'MaxPoolGrad']));
  });

  it('takes an encoder that takes one size only', async () => {
    const encoder = sequential({
      layers: [
        layers.conv2d({ inputShape: [12, 12, 3], filters: 2, kernelSize: 5 }),
        layers.flatten(),
        layers.dense({ units: 4 }),
      ],
    });
    const check = await checkBackend({ encoder });
    expect(check.ok).toBe(true);
    expect(check.kernels).toContain('BatchMatMul');
    encoder.dispose();
  });

  it('names every kernel that is missing, not the first alone, and who has them', async () => {
    const names = ['Conv2DBackpropFilter', 'Conv2DBackpropInput', 'ReluGrad'];
    const kernels = names.map((name) => getKernel(name, healthy)).filter((kernel) => kernel !== undefined);
    for (const { kernelName } of kernels) unregisterKernel(kernelName, healthy);
    const encoder = tinyEncoder();
    try {
      const check = await expectTensors(0, () => checkBackend({ encoder }));
      expect(check.ok).toBe(false);
      expect(check.missingKernels).toEqual(['Conv2DBackpropFilter', 'Conv2DBackpropInput']);
      expect(check.message).toContain(
        `The active backend '${healthy}' lacks the kernels Conv2DBackpropFilter and Conv2DBackpropInput, which these models need: `,
      );
    } finally {
      for (const kernel of kernels) registerKernel(kernel);
      encoder.dispose();
    }
  });

  it.each(['Conv2D', 'Mean'])('names a kernel of the forward pass: %s', async (name) => {
    const kernel = getKernel(name, healthy);
    unregisterKernel(name, healthy);
    const encoder = tinyEncoder();
    try {
      const check = await expectTensors(0, () => checkBackend({ encoder }));
      expect(check.missingKernels).toContain(name);
    } finally {
      registerKernel(kernel);
      encoder.dispose();
    }
  });

  it('asks nothing of the backend that the encoder does not need', async () => {
    const kernel = getKernel('Conv2DBackpropFilter', healthy);
    unregisterKernel('Conv2DBackpropFilter', healthy);
    const encoder = sequential({
      layers: [layers.flatten({ inputShape: [8, 8, 3] }), layers.dense({ units: 4 })],
    });
    try {
      expect(await checkBackend({ encoder })).toMatchObject({ ok: true });
      expect(await checkBackend()).toMatchObject({ ok: false, missingKernels: ['Conv2DBackpropFilter'] });
    } finally {
      registerKernel(kernel);
      encoder.dispose();
    }
  });

  it('names a gradient that is missing', async () => {
    const gradient = getGradient('Conv2D');
    unregisterGradient('Conv2D');
    const simclr = tinySimCLR();
    try {
      const check = await expectTensors(0, () => checkBackend(simclr));
      expect(check).toMatchObject({ ok: false, missingGradients: ['Conv2D'], missingKernels: [] });
      const layer = simclr.encoder.layers.find(({ name }) => /conv/.test(name))!;
      expect(check.message).toBe(
        `Tfjs has no gradient for Conv2D, which the layer ${layer.name} uses: choose another layer.`,
      );
    } finally {
      registerGradient(gradient);
      simclr.dispose();
    }
  });

  it('does not fail where a loss of the user does', async () => {
    const encoder = tinyEncoder();
    const head = projectionHead({ inputDim: 8, hidden: [8], outputDim: 4 });
    const loss = () => {
      throw new Error('mine');
    };
    const check = await expectTensors(0, () => checkBackend({ encoder, projectionHead: head, loss }));
    expect(check.ok).toBe(true);
    encoder.dispose();
    head.dispose();
  });

  it('checks its own options', async () => {
    await expect(checkBackend({ images: 0 })).rejects.toThrow(/checkBackend: images must be an integer >= 1/);
  });
});

describe('a backend that computes wrongly', () => {
  it('is named with what it gave: convolutions of zeros', async () => {
    await fakeBackend(
      'zeros',
      changed(['Conv2D'], (values) => values.fill(0)),
    );
    try {
      const check = await checkBackend();
      expect(check.ok).toBe(false);
      expect(check.wrongValues).toEqual([{ operation: 'conv2d', received: 0, expected: 42 }]);
      expect(check.message).toMatch(
        /^The active backend 'zeros' computes wrongly: conv2d gives 0 where 42 is right: update the graphics driver/,
      );
    } finally {
      await setBackend(healthy);
      removeBackend('zeros');
    }
  });

  it.each<[string, string, (values: Float32Array) => void]>([
    ['MaxPoolGrad', 'the gradient of maxPool for x', (values) => values.fill(0)],
    ['Conv2DBackpropFilter', 'the gradient of conv2d for filter', (values) => values.set([8], 0)],
    ['Relu', 'relu', (values) => values.fill(Number.NaN)],
    ['Relu', 'relu', (values) => values.set([Number.NaN], 0)],
    ['Conv2DBackpropFilter', 'the gradient of conv2d for filter', (values) => values.set([Number.NaN], 1)],
    ['MaxPoolGrad', 'the gradient of maxPool for x', (values) => values.set([Number.NEGATIVE_INFINITY], 0)],
  ])('also where it is %s', async (kernel, operation, wrap) => {
    await fakeBackend(`wrong ${kernel}`, changed([kernel], wrap));
    try {
      const { wrongValues } = await checkBackend();
      expect(wrongValues.map((wrong) => wrong.operation)).toContain(operation);
    } finally {
      await setBackend(healthy);
      removeBackend(`wrong ${kernel}`);
    }
  });

  it('with 16-bit floats is refused', async () => {
    const underflow = changed(['Abs'], (values) => {
      for (const [index, value] of values.entries()) if (Math.abs(value) < 2 ** -25) values[index] = 0;
    });
    await fakeBackend('half', underflow);
    try {
      const check = await checkBackend();
      expect(check).toMatchObject({ ok: false, wrongValues: [] });
      expect(check.message).toContain("'half' computes with 16-bit floats");
    } finally {
      await setBackend(healthy);
      removeBackend('half');
    }
  });

  it('may say of itself what it likes: WebGL says 16 in all cases', async () => {
    await fakeBackend('modest', (kernel) => kernel);
    const { backend } = await import('@tensorflow/tfjs-core');
    vi.spyOn(backend(), 'floatPrecision').mockReturnValue(16);
    try {
      expect((await checkBackend()).ok).toBe(true);
    } finally {
      await setBackend(healthy);
      removeBackend('modest');
    }
  });

  it('has no backend if none starts', async () => {
    vi.spyOn(engine(), 'ready').mockRejectedValue(new Error('No backend found in registry.'));
    const check = await checkBackend();
    vi.restoreAllMocks();
    expect(check).toMatchObject({ ok: false, backend: '' });
    expect(check.message).toBe(
      "No backend of TensorFlow.js is active: import one, such as 'simclr-ts/wasm', choose it and wait until it is ready (No backend found in registry.).",
    );
  });
});

describe('pictures too many for the machine', () => {
  it('are told with the layer and their number', async () => {
    await fakeBackend('webgl of the test', (kernel) => kernel);
    env().registerFlag('WEBGL_MAX_TEXTURE_SIZE', () => 16);
    env().set('WEBGL_MAX_TEXTURE_SIZE', 16);
    const encoder = tinyEncoder();
    try {
      expect((await checkBackend({ encoder, images: 4 })).ok).toBe(true);
      const check = await checkBackend({ encoder, images: 20 });
      expect(check.ok).toBe(false);
      expect(check.message).toMatch(
        /^The output of the layer conv2d\w* for 20 pictures at a time, 1440 values, is larger than the largest texture of this machine \(1024 values\): lower microBatchSize or batchSize\.$/,
      );
    } finally {
      encoder.dispose();
      await setBackend(healthy);
      removeBackend('webgl of the test');
    }
  });
});

describe('two copies of tfjs-core', () => {
  it('are named', async () => {
    const encoder = tinyEncoder();
    const [weight] = encoder.weights;
    // A variable of another copy: the same methods, another class.
    const copy = Object.assign(Object.create({ constructor: class Variable {} }), weight!.read());
    vi.spyOn(weight!, 'read').mockReturnValue(copy as Tensor);
    const check = await checkBackend({ encoder });
    vi.restoreAllMocks();
    expect(check.ok).toBe(false);
    expect(check.message).toContain('made with another copy of @tensorflow/tfjs-core');
    encoder.dispose();
  });
});

describe('fit', () => {
  it('refuses a backend that cannot train before anything is called, and trains where it is told not to look', async () => {
    const simclr = tinySimCLR();
    const kernel = getKernel('Conv2DBackpropInput', healthy);
    unregisterKernel('Conv2DBackpropInput', healthy);
    const onFitStart = vi.fn();
    const options = { batchSize: 4, callbacks: [{ onFitStart }] };
    try {
      const error = await expectTensors(0, () => rejection(simclr.fit(tinyPictures(8), options)));
      expect(error.name).toBe('BackendError');
      expect(error.message).toMatch(
        /^SimCLR\.fit: the backend must be able to train\. The active backend '\w+' lacks the kernel Conv2DBackpropInput/,
      );
      expect(onFitStart).not.toHaveBeenCalled();
      await rejection(simclr.fit(tinyPictures(8), { ...options, checkBackend: false }));
      expect(onFitStart).toHaveBeenCalledOnce();
    } finally {
      registerKernel(kernel);
    }
    await expect(simclr.fit(tinyPictures(8), options)).resolves.toMatchObject({ outcome: 'completed' });
    simclr.dispose();
  });

  it('looks once, and calls no loss and no transform of the user for it', async () => {
    const compute = vi.fn((a: Tensor2D, b: Tensor2D) => sumOfProducts(a, b));
    const simclr = tinySimCLR({ loss: compute });
    await simclr.fit(tinyPictures(8), { batchSize: 4 });
    expect(compute).toHaveBeenCalledTimes(2);
    const kernel = getKernel('Conv2DBackpropInput', healthy);
    unregisterKernel('Conv2DBackpropInput', healthy);
    try {
      // The step itself says it now.
      const error = await rejection(simclr.fit(tinyPictures(8), { batchSize: 4 }));
      expect(error.message).not.toContain('SimCLR.fit: the backend');
    } finally {
      registerKernel(kernel);
      simclr.dispose();
    }
  });
});

function sumOfProducts(a: Tensor2D, b: Tensor2D) {
  return sum(mul(a, b)) as Scalar;
}

describe('an encoder that ends in a grid', () => {
  it('is never given pictures that its windows do not fit into', async () => {
    const whole = resnet18({ inputShape: [32, 32, 3], width: 4 });
    const encoder = stageEncoder(whole, [{ layer: 'layer1.1.bn2', grid: 2 }]);
    const head = projectionHead({ inputDim: 16, hidden: [8], outputDim: 4 });
    const sizes: number[] = [];
    const pool = encoder.layers.find((layer) => layer.getClassName() === 'AveragePooling2D')!;
    const { call } = pool;
    pool.call = (inputs, kwargs) => {
      sizes.push((Array.isArray(inputs) ? inputs[0]! : inputs).shape[1]!);
      return call.call(pool, inputs, kwargs);
    };
    expect(await checkBackend({ encoder, projectionHead: head })).toMatchObject({ ok: true });
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(4); // its window
    whole.dispose();
    head.dispose();
  });
});
