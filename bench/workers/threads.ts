import { setThreadCount } from 'simclr-ts/wasm';

/**
 * Sets the number of kernel threads from `SIMCLR_WASM_THREADS`. Call it before the backend starts.
 *
 * @returns The number of threads, for the row's label.
 */
export async function configureThreads(): Promise<number> {
  const count = Number(process.env.SIMCLR_WASM_THREADS ?? 1);
  setThreadCount(count);
  return count;
}
