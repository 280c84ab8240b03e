import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { componentsOf, type GraphicsBackend, type KernelCall, runPass, withShape } from './program.js';

/** One pass over a variable and what belongs to it. */
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

/** SimCLRAdamUpdate. */
export const adamUpdate: KernelFunc = (call) => {
  const { value, gradient, mean, meanSquare } = call.inputs as Record<string, TensorInfo>;
  const { rate, beta1, beta2, rootScale, epsilon, shrink } = call.attrs as unknown as Record<string, number>;
  // What is left of 1 is reckoned in the host's 64 bits: beta2 is close to 1.
  const nextMean = pass(
    call,
    'adam_mean',
    { slot: mean!, gradient: gradient! },
    { kept: beta1!, added: 1 - beta1! },
    'result[index] = uniforms.kept * slot[index] + uniforms.added * gradient[index];',
  );
  const nextSquare = pass(
    call,
    'adam_square',
    { slot: meanSquare!, gradient: gradient! },
    { kept: beta2!, added: 1 - beta2! },
    'result[index] = uniforms.kept * slot[index] + uniforms.added * (gradient[index] * gradient[index]);',
  );
  const moved = pass(
    call,
    'adam_value',
    { value: value!, mean: nextMean, meanSquare: nextSquare },
    { rate: rate!, rootScale: rootScale!, epsilon: epsilon!, shrink: shrink! },
    'result[index] = uniforms.shrink * value[index] - uniforms.rate * (mean[index] / (sqrt(meanSquare[index]) * uniforms.rootScale + uniforms.epsilon));',
  );
  return [moved, nextMean, nextSquare];
};
