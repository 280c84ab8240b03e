import { engine } from '@tensorflow/tfjs-core';

/**
 * `tidy` for a body that awaits, as one must on backends that cannot be read synchronously: disposes of all tensors made
 * meanwhile but those that it returns. One at a time.
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
