import { getBackend, getKernel } from '@tensorflow/tfjs-core';

/**
 * A name under which a backend's entry registers that values come back from the device asynchronously and late: who
 * waits for one waits for everything before it. It is no kernel to run.
 */
export const lateReading = 'SimCLRLateReading';

/** Whether to wait for a value of the active backend as late as possible. */
export function readsLate(): boolean {
  return getKernel(lateReading, getBackend()) !== undefined;
}
