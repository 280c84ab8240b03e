import { availableCores } from '../../backend/available-cores.js';
import { checkInteger } from '../../errors/checks.js';
import { BackendError } from '../../errors/errors.js';

/** Beyond this, kernels of a millisecond are cut into too little each. */
const most = 16;

let wanted: number | undefined;
let fixed = false;

/** Processes that MPI's launchers say they started on this machine, of which this is one; else 1. */
function ranksOnThisMachine(): number {
  type Process = { env?: Record<string, string | undefined> };
  const environment = (globalThis as { process?: Process }).process?.env ?? {};
  const count = Number(environment.OMPI_COMM_WORLD_LOCAL_SIZE ?? environment.MPI_LOCALNRANKS);
  return Number.isInteger(count) && count > 0 ? count : 1;
}

/**
 * Chooses how many threads the kernels of `simclr-ts/wasm` use, the calling one included. Call it before the
 * backend computes for the first time. Fewer are used where memory cannot be shared.
 *
 * @param count - Integer from 1. @defaultValue the cores that the process may use, a container's quota of processor time included, at most 16;
 * under MPI divided by the ranks on the machine, so that together they have a thread a core
 * @throws `InvalidOptionError` when `count` is not an integer >= 1.
 * @throws `BackendError` when the threads are running already.
 */
export function setThreadCount(count: number): void {
  checkInteger('setThreadCount', 'count', count);
  if (fixed) {
    throw new BackendError(
      `setThreadCount: it must be called before the wasm backend computes for the first time. Received: count=${count}, after that.`,
    );
  }
  wanted = count;
}

/** How many threads to start. From then on the number is fixed. */
export function takeThreadCount(): number {
  fixed = true;
  const share = Math.max(1, Math.floor(availableCores() / ranksOnThisMachine()));
  return wanted ?? Math.min(share, most);
}
