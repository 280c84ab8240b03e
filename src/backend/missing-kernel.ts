import { BackendError } from '../errors/errors.js';
import { messageOf } from '../errors/is-error.js';
import { describeGradients, describeKernels } from './describe-kernels.js';

/** Adds to tfjs's error about a missing kernel what to do about it. */
export function explainMissingKernel(error: unknown): unknown {
  const message = messageOf(error);
  const kernel = /Kernel '(\w+)' not registered for backend '(\w+)'/.exec(message);
  if (kernel) {
    return new BackendError(
      `The active backend '${kernel[2]}' ${describeKernels(kernel[2]!, [kernel[1]!])}.`,
      { cause: error },
    );
  }
  const gradient = /gradient function not found for (\w+)/.exec(message);
  if (gradient) {
    return new BackendError(`${describeGradients([gradient[1]!])}.`, { cause: error });
  }
  return error;
}
