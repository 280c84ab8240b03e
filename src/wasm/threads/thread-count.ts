import { availableCores } from '../../backend/available-cores.js';
import { checkInteger } from '../../errors/checks.js';
import { BackendError } from '../../errors/errors.js';

/** With more threads, each gets too small a part of a kernel that takes a millisecond. */
const maxThreads = 16;

let requested: number | undefined;
let isTaken = false;

/** The number of MPI ranks on this machine, as the launcher says; 1 without MPI. */
function ranksOnThisMachine(): number {
  type Process = { env?: Record<string, string | undefined> };
  const environment = (globalThis as { process?: Process }).process?.env ?? {};
  const count = Number(environment.OMPI_COMM_WORLD_LOCAL_SIZE ?? environment.MPI_LOCALNRANKS);
  return Number.isInteger(count) && count > 0 ? count : 1;
}

/**
 * Sets how many threads the kernels of `simclr-ts/wasm` use, the calling thread included. Call it before the wasm backend
 * computes for the first time. Where memory cannot be shared, the kernels use one thread.
 *
 * @param count - Integer >= 1. @defaultValue the cores that the process may use (a container's CPU quota counts), at most
 * 16; under MPI the cores are divided by the ranks on the machine
 * @throws `InvalidOptionError` when `count` is not an integer >= 1.
 * @throws `BackendError` when the threads are running already.
 */
export function setThreadCount(count: number): void {
  checkInteger('setThreadCount', 'count', count);
  if (isTaken) {
    throw new BackendError(
      `setThreadCount: it must be called before the wasm backend computes for the first time. Received: count=${count} after that.`,
    );
  }
  requested = count;
}

/** The number of threads to start. After this call {@link setThreadCount} throws. */
export function takeThreadCount(): number {
  isTaken = true;
  const share = Math.max(1, Math.floor(availableCores() / ranksOnThisMachine()));
  return requested ?? Math.min(share, maxThreads);
}
