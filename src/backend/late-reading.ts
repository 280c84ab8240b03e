import { hasKernel } from '../tensors/registered-kernels.js';

/**
 * A name under which a backend's entry registers that values come back from the device asynchronously and late: waiting for one value means waiting
 * for everything before it. It is not a kernel to run.
 */
export const lateReading = 'SimCLRLateReading';

/** Whether to wait for a value of the active backend as late as possible. */
export function readsLate(): boolean {
  return hasKernel(lateReading);
}
