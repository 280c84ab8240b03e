import { type TensorContainer, tidy } from '@tensorflow/tfjs-core';

/** Clones that `body` makes: all of them, or none if it fails. The caller disposes them. */
export function clonesOf<T>(body: () => T): T {
  return tidy(() => body() as TensorContainer) as T;
}
