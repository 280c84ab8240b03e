import type { Tensor2D } from '@tensorflow/tfjs-core';
import { checkKeys, type KnownKeys } from '../errors/check-keys.js';
import { checkFloatTensor, checkPositive, checkSameShape, receivedMessage } from '../errors/checks.js';
import { InvalidOptionError, ShapeError } from '../errors/errors.js';

/** The two ways to call a loss: with two views, or with an array of two or more. */
export function readViews<O extends object>(
  caller: string,
  first: Tensor2D | readonly Tensor2D[],
  second: Tensor2D | O | undefined,
  third: O | undefined,
  known: KnownKeys<NoInfer<O>>,
): { views: readonly Tensor2D[]; options: O } {
  const several = Array.isArray(first);
  const given = several ? second : third;
  const options = (given === undefined ? {} : given) as O;
  checkKeys(caller, options, known);
  return { views: several ? first : [first as Tensor2D, second as Tensor2D], options };
}

/** Checks views as every loss needs: at least two, of the same shape `[N, D]`, N >= 2. */
export function checkViews(caller: string, views: readonly Tensor2D[]): void {
  if (views.length < 2) {
    throw new InvalidOptionError(
      receivedMessage(
        caller,
        'views must be at least two tensors, one per view',
        'views.length',
        views.length,
      ),
    );
  }
  const [view1] = views as [Tensor2D];
  for (const [index, view] of views.entries())
    checkFloatTensor(caller, `view${index + 1}`, view, 2, '[N, D]');
  for (const [index, view] of views.entries())
    checkSameShape(caller, 'view1', view1, `view${index + 1}`, view);
  if (view1.shape[0] < 2 || view1.shape[1] < 1) {
    throw new ShapeError(
      `${caller}: views must hold at least 2 images (one alone has no negatives) and 1 dimension. ` +
        `Received: view1=[${view1.shape}].`,
    );
  }
}

/** {@link checkViews} for losses with a temperature. */
export function checkContrastiveViews(caller: string, views: readonly Tensor2D[], temperature: number): void {
  checkViews(caller, views);
  checkPositive(caller, 'temperature', temperature);
}
