import type { Optimizer } from '@tensorflow/tfjs-core';
import type { NamedOptimizer } from './named-optimizer.js';

/** By its methods: tfjs lets `instanceof` say yes to every optimizer for every class of optimizers. */
export function isNamed(optimizer: Optimizer): optimizer is NamedOptimizer {
  const { capture, restore } = optimizer as Partial<NamedOptimizer>;
  return typeof capture === 'function' && typeof restore === 'function';
}
