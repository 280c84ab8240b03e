import { setThreadCount } from 'simclr-ts/wasm';

/**
 * Sets the threads of the kernels to what the runner asked for in `SIMCLR_WASM_THREADS`; before the backend starts.
 *
 * @returns The number of threads, for the row's label.
 */
export async function configureThreads(): Promise<number> {
  const count = Number(process.env.SIMCLR_WASM_THREADS ?? 1);
  setThreadCount(count);
  return count;
}
