import type { Optimizer } from '@tensorflow/tfjs-core';
import type { NamedOptimizer } from './named-optimizer.js';

/** Checks the methods, because tfjs makes `instanceof` true for every optimizer and every optimizer class. */
export function isNamed(optimizer: Optimizer): optimizer is NamedOptimizer {
  const { capture, restore } = optimizer as Partial<NamedOptimizer>;
  return typeof capture === 'function' && typeof restore === 'function';
}
