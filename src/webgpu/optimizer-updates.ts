import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { componentsOf, type GraphicsBackend, type KernelCall, runPass, withShape } from './program.js';

/** A pass over all values of a variable. */
function pass(
  { backend }: KernelCall,
  key: string,
  inputs: Record<string, TensorInfo>,
  floats: Record<string, number>,
  body: string,
): TensorInfo {
  const { shape } = Object.values(inputs)[0]!;
  const length = shape.reduce((product, size) => product * size, 1);
  const components = componentsOf(length);
  const result = runPass(backend as GraphicsBackend, {
    key,
    inputs,
    length,
    components,
    threads: length / components,
    floats,
    body: `if (index < uniforms.threads) { ${body} }`,
  });
  return withShape(result, shape);
}

/** SimCLRMomentumUpdate: see src/optimizers/fused-updates.ts. */
export const momentumUpdate: KernelFunc = (call) => {
  const { value, gradient, velocity } = call.inputs as Record<'value' | 'gradient' | 'velocity', TensorInfo>;
  const { learningRate, momentum, nesterov, weightDecay, shrink } = call.attrs as unknown as {
    learningRate: number;
    momentum: number;
    nesterov: boolean;
    weightDecay: number;
    shrink: number;
  };
  const next = pass(
    call,
    'velocity',
    { value, gradient, velocity },
    { momentum, weightDecay },
    'result[index] = uniforms.momentum * velocity[index] + (gradient[index] + uniforms.weightDecay * value[index]);',
  );
  const change = nesterov
    ? '(gradient[index] + uniforms.weightDecay * value[index] + uniforms.momentum * next[index])'
    : 'next[index]';
  const moved = pass(
    call,
    nesterov ? 'nesterov' : 'momentum',
    nesterov ? { value, next, gradient } : { value, next },
    nesterov ? { learningRate, shrink, momentum, weightDecay } : { learningRate, shrink },
    `result[index] = uniforms.shrink * value[index] - uniforms.learningRate * ${change};`,
  );
  return [moved, next];
};

/** SimCLRAdamUpdate: see src/optimizers/fused-updates.ts. */
export const adamUpdate: KernelFunc = (call) => {
  const { value, gradient, mean, meanSquare } = call.inputs as Record<string, TensorInfo>;
  const { rate, beta1, beta2, rootScale, epsilon, shrink } = call.attrs as unknown as Record<string, number>;
  // 1 - beta is computed here in 64 bits, because beta2 is close to 1.
  const movingAverage = (key: string, slot: TensorInfo, beta: number, value: string) =>
    pass(
      call,
      key,
      { slot, gradient: gradient! },
      { beta, oneMinusBeta: 1 - beta },
      `result[index] = uniforms.beta * slot[index] + uniforms.oneMinusBeta * ${value};`,
    );
  const nextMean = movingAverage('adam_mean', mean!, beta1!, 'gradient[index]');
  const nextSquare = movingAverage('adam_square', meanSquare!, beta2!, '(gradient[index] * gradient[index])');
  const moved = pass(
    call,
    'adam_value',
    { value: value!, mean: nextMean, meanSquare: nextSquare },
    { rate: rate!, rootScale: rootScale!, epsilon: epsilon!, shrink: shrink! },
    'result[index] = uniforms.shrink * value[index] - uniforms.rate * (mean[index] / (sqrt(meanSquare[index]) * uniforms.rootScale + uniforms.epsilon));',
  );
  return [moved, nextMean, nextSquare];
};
