import { engine, memory } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

/**
 * Runs `body` repeatedly and makes the first, the second, ... operation of the backend fail, until a run succeeds. Each
 * failure must reach the caller and leave no tensor behind. Operations recorded for a gradient do not fail, because tfjs
 * itself leaks what a composed one has saved when its next part fails.
 *
 * @returns How many operations failed.
 */
export async function failEachKernel(body: () => Promise<unknown>): Promise<number> {
  const target = engine();
  const run = target.runKernel;
  for (let failing = 0; ; failing++) {
    const { numTensors } = memory();
    let count = 0;
    target.runKernel = ((...call: Parameters<typeof run>) => {
      const isRecorded = target.state.gradientDepth > 0;
      if (!isRecorded && count++ === failing) throw new Error(`operation ${failing} fails`);
      return run.apply(target, call);
    }) as typeof run;
    let error: Error | undefined;
    try {
      await body();
    } catch (cause) {
      error = cause as Error;
    } finally {
      Reflect.deleteProperty(target, 'runKernel');
    }
    if (count <= failing) {
      if (error) throw error;
      return failing;
    }
    expect(error?.message, `of ${count}`).toContain(`operation ${failing} fails`);
    expect(memory().numTensors, `tensors after operation ${failing} of ${count} failed`).toBe(numTensors);
  }
}
