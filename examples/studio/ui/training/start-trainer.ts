import type { BackendName, BackendReport } from '../../shared/trainer-protocol.js';
import { LateError, within } from '../../shared/within.js';
import type { App } from '../page/app.js';

/** Seconds in which a backend must have made its first steps. */
const deadlineSeconds = 20;

/**
 * Threads for training: all cores but one, which the page needs; with two cores both, because half would cost too much.
 */
export function threadCount(): number {
  const cores = navigator.hardwareConcurrency;
  return crossOriginIsolated ? Math.min(cores > 2 ? cores - 1 : cores, 16) : 1;
}

/** Chooses a backend. @throws with a text for people when it cannot train here, or does not answer */
export function useBackend(app: App, name: BackendName, threads: number): Promise<BackendReport> {
  return within(deadlineSeconds, 'It', app.trainer.useBackend(name, threads));
}

/**
 * Starts wasm in a worker that holds nothing yet. If it does not answer in time, another worker has half the threads.
 *
 * @param tell - Is told when threads did not start.
 * @throws with a text for people when not even one thread answers.
 */
export async function startWasm(app: App, tell: (text: string) => void): Promise<BackendReport> {
  for (let threads = threadCount(); ; threads = Math.floor(threads / 2)) {
    try {
      return await useBackend(app, 'wasm', threads);
    } catch (error) {
      if (!(error instanceof LateError) || threads === 1) throw error;
      tell(
        `${threads} threads did not start in this browser within ${deadlineSeconds} s: trying with fewer.`,
      );
      app.restartTrainer();
    }
  }
}
