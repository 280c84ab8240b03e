import type { Tensor2D } from '@tensorflow/tfjs-core';
import { checkFloatTensor, checkPositive, checkSameShape } from '../errors/checks.js';
import { ShapeError } from '../errors/errors.js';

/** What every function of two views asks of its arguments. */
export function checkViews(caller: string, view1: Tensor2D, view2: Tensor2D, temperature: number): void {
  checkFloatTensor(caller, 'view1', view1, 2, '[N, D]');
  checkFloatTensor(caller, 'view2', view2, 2, '[N, D]');
  checkSameShape(caller, 'view1', view1, 'view2', view2);
  if (view1.shape[0] < 2 || view1.shape[1] < 1) {
    throw new ShapeError(
      `${caller}: views must hold at least 2 images (one alone has no negatives) and 1 dimension. ` +
        `Received: view1=[${view1.shape}].`,
    );
  }
  checkPositive(caller, 'temperature', temperature);
}
