/** Threads of the wasm kernels in a cross-origin-isolated page; test/wasm/threads.test.ts is the same for Node. */
import { conv2d, grads, type Tensor, type Tensor4D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { BackendError } from '../../src/errors/index.js';
import { kernelModule } from '../../src/wasm/module/kernel-module.js';
import { poolBytes } from '../../src/wasm/module/layout.generated.js';
import { ThreadPool } from '../../src/wasm/threads/thread-pool.js';
import { useBackend } from '../helpers/backend.js';
import { expectClose } from '../helpers/close.js';
import { hashedTensor } from '../helpers/hashed-tensor.js';

beforeAll(() => useBackend('wasm'));

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A convolution and its gradients, large enough to be divided. */
async function results(): Promise<Float32Array[]> {
  const [x, w] = [hashedTensor('x', [8, 13, 11, 24]), hashedTensor('w', [3, 3, 24, 40])];
  const convolution = (image: Tensor, filter: Tensor) =>
    conv2d(image as Tensor4D, filter as Tensor4D, 2, 'same');
  const tensors = [convolution(x, w), ...grads(convolution)([x, w])];
  const values = await Promise.all(tensors.map((result) => result.data()));
  for (const each of [x, w, ...tensors]) each.dispose();
  return values as Float32Array[];
}

describe('threads in an isolated page', () => {
  it('are as many as asked for', () => {
    expect(crossOriginIsolated).toBe(true);
    expect(kernelModule().threads).toBe(2);
  });

  it('give the numbers of one thread', async () => {
    const module = kernelModule() as unknown as { pool: ThreadPool | undefined };
    const { pool } = module;
    const together = await results();
    module.pool = undefined;
    const alone = await results();
    module.pool = pool;
    for (const [index, values] of together.entries()) expectClose(values, alone[index]!, { relative: 1e-6 });
  });

  const exports = { begin() {}, finish: () => 1 };
  const sharedMemory = () => new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });

  it('that never start are fewer, and nothing else', async () => {
    const warn = console.warn;
    const warnings: string[] = [];
    console.warn = (text: string) => warnings.push(text);
    // Without a module the worker ends with an error as soon as it starts.
    const pool = new ThreadPool(2, exports, 0, undefined as never, sharedMemory());
    try {
      expect(await pool.started()).toMatch(/^thread 1 did not start: /);
    } finally {
      console.warn = warn;
    }
    expect(pool.threads).toBe(1);
    expect(warnings).toHaveLength(1);
    pool.dispatch(0, 0, 1, 0, 0);
    pool.dispose();
  });

  it('that die fail the next call with a named error', async () => {
    const memory = sharedMemory();
    const pool = new ThreadPool(2, exports, 0, undefined as never, memory);
    new Int32Array(memory.buffer).fill(1, poolBytes / 4); // as if it had computed before it ended
    let error: unknown;
    for (let wait = 0; wait < 100 && error === undefined; wait++) {
      await sleep(50); // the news of its end comes through the event loop
      try {
        pool.dispatch(0, 0, 1, 0, 0);
      } catch (reason) {
        error = reason;
      }
    }
    expect(error).toBeInstanceOf(BackendError);
    expect(String(error)).toMatch(/all its threads must be alive.*thread 1 ended/);
    pool.dispose();
  });
});
