import { describe, expect, test } from 'vitest';
import { InvalidOptionError } from '../../src/errors/index.js';
import { SeededInitializer, weightStream } from '../../src/models/index.js';
import {
  convolutionInitializer,
  denseInitializers,
  drawWeights,
} from '../../src/models/layers/seeded-initializer.js';
import { expectClose } from '../helpers/close.js';
import { tidyAsync } from '../helpers/tidy-async.js';

function moments(values: Float32Array): { mean: number; deviation: number; largest: number } {
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  const variance = values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length;
  return {
    mean,
    deviation: Math.sqrt(variance),
    largest: values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0),
  };
}

const length = 100_000;

describe('drawWeights', () => {
  test('normal: mean 0, the asked standard deviation, tails beyond three', () => {
    const { mean, deviation, largest } = moments(
      drawWeights(length, { distribution: 'normal', scale: 0.5, seed: 0, stream: 1 }),
    );
    expect(Math.abs(mean)).toBeLessThan(0.01);
    expect(deviation).toBeCloseTo(0.5, 2);
    expect(largest).toBeGreaterThan(1.5);
  });

  test('truncated normal: nothing beyond two standard deviations', () => {
    const { deviation, largest } = moments(
      drawWeights(length, { distribution: 'truncatedNormal', scale: 0.5, seed: 0, stream: 1 }),
    );
    expect(deviation).toBeCloseTo(0.5 * 0.8796, 2);
    expect(largest).toBeLessThanOrEqual(1);
  });

  test('uniform: within half the width, of the variance of a uniform distribution', () => {
    const { mean, deviation, largest } = moments(
      drawWeights(length, { distribution: 'uniform', scale: 0.5, seed: 0, stream: 1 }),
    );
    expect(Math.abs(mean)).toBeLessThan(0.01);
    expect(deviation).toBeCloseTo(0.5 / Math.sqrt(3), 2);
    expect(largest).toBeLessThanOrEqual(0.5);
  });

  test('what a seed means does not change from version to version', () => {
    const stream = weightStream('conv1/kernel');
    expect(stream).toBe(2116619278);
    const uniform = drawWeights(4, { distribution: 'uniform', scale: 1, seed: 0, stream });
    expectClose(uniform, [0.20841384, -0.03143191, -0.31293058, -0.25985932], { absolute: 1e-7 });
    const normal = drawWeights(4, { distribution: 'normal', scale: 1, seed: 0, stream });
    expectClose(normal, [-1.354884, 0.1342263, -0.6283543, 0.668537], { absolute: 1e-6 });
  });

  test('the same options give the same values, another seed or stream others', () => {
    const options = { distribution: 'normal', scale: 1, seed: 3, stream: 4 } as const;
    const draw = (changed = {}) => [...drawWeights(8, { ...options, ...changed })];
    expect(draw()).toEqual(draw());
    expect(draw({ seed: 4 })).not.toEqual(draw());
    expect(draw({ stream: 5 })).not.toEqual(draw());
    expect(draw().every(Number.isFinite)).toBe(true);
  });
});

describe('conventions', () => {
  test('PyTorch: variance 2 / fan-out for convolutions, bound 1 / sqrt(fan-in) for dense layers', () => {
    const kernel = convolutionInitializer('torch', [3, 3, 4, 8], 0, 'conv1');
    expect(kernel).toMatchObject({ distribution: 'normal', scale: Math.sqrt(2 / 72) });
    const dense = denseInitializers('torch', 16, 0, 'dense1');
    expect(dense.kernelInitializer).toMatchObject({ distribution: 'uniform', scale: 0.25 });
    expect(dense.biasInitializer).toMatchObject({ distribution: 'uniform', scale: 0.25 });
    expect(dense.biasInitializer.stream).not.toBe(dense.kernelInitializer.stream);
  });

  test('Google: variance 1 / fan-in after truncation for convolutions, 0.01 and no bias for dense layers', () => {
    const kernel = convolutionInitializer('google', [3, 3, 4, 8], 0, 'conv1');
    const { deviation } = moments(drawWeights(length, kernel));
    expect(deviation).toBeCloseTo(Math.sqrt(1 / 36), 3);
    const dense = denseInitializers('google', 16, 0, 'dense1');
    expect(dense.kernelInitializer).toMatchObject({ distribution: 'normal', scale: 0.01 });
    expect(drawWeights(4, dense.biasInitializer).every((value) => value === 0)).toBe(true);
  });
});

describe('SeededInitializer', () => {
  test('fills a tensor of the asked shape', async () => {
    await tidyAsync(async () => {
      const options = { distribution: 'uniform', scale: 1, seed: 0, stream: weightStream('x') } as const;
      const tensor = new SeededInitializer(options).apply([2, 3]);
      expect(tensor.shape).toEqual([2, 3]);
      expect([...(await tensor.data())]).toEqual([...drawWeights(6, options)]);
    });
  });

  test('refuses options outside their domain', () => {
    const options = { distribution: 'normal', scale: 1, seed: 0, stream: 0 } as const;
    expect(() => new SeededInitializer({ ...options, distribution: 'cauchy' as never })).toThrow(
      InvalidOptionError,
    );
    expect(() => new SeededInitializer({ ...options, scale: -1 })).toThrow(/scale must be/);
    expect(() => new SeededInitializer({ ...options, seed: 0.5 })).toThrow(/seed must be/);
    expect(() => new SeededInitializer({ ...options, stream: -1 })).toThrow(/stream must be/);
  });
});
