import { type TensorContainer, tidy } from '@tensorflow/tfjs-core';

/** What `body` makes of clones: all of them, or none where it fails. The caller disposes them. */
export function clonesOf<T>(body: () => T): T {
  return tidy(() => body() as TensorContainer) as T;
}
