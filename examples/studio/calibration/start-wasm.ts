import { ready, setBackend } from '@tensorflow/tfjs-core';
import { setThreadCount } from 'simclr-ts/wasm';

/** Starts the studio's backend. */
export async function startWasm(threads: number | undefined): Promise<void> {
  if (threads !== undefined) setThreadCount(threads);
  if (!(await setBackend('wasm'))) throw new Error('The wasm backend did not start.');
  await ready();
}

/** Memory of the process and of the backend, as text. */
export function memoryText(heapBytes: number): string {
  const mebibytes = (bytes: number) => Math.round(bytes / 2 ** 20);
  return `${mebibytes(process.memoryUsage().rss)} MiB of memory, ${mebibytes(heapBytes)} of them the backend's`;
}
