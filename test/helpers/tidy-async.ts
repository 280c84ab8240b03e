import { engine } from '@tensorflow/tfjs-core';

/**
 * `tidy` for an asynchronous body, for backends without synchronous reading: disposes all tensors created meanwhile
 * except those it returns. Run one at a time.
 */
export async function tidyAsync<T>(body: () => Promise<T>): Promise<T> {
  engine().startScope();
  let result: T | undefined;
  try {
    result = await body();
    return result;
  } finally {
    engine().endScope(result as never);
  }
}
