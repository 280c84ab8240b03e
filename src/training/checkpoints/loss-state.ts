import { type NamedTensorMap, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { asBackendError } from '../../errors/backend-failure.js';
import { CheckpointError } from '../../errors/errors.js';
import { isError } from '../../errors/is-error.js';
import type { LossConfig, ViewLoss } from '../../losses/index.js';
import type { NamedTensor } from './optimizer-state.js';

const prefix = 'loss/';

/** What a checkpoint keeps of the loss. The caller disposes the tensors. */
export function lossState(loss: ViewLoss): NamedTensor[] {
  const state = Object.entries(loss.state?.() ?? {});
  return tidy(() => state.map(([name, tensor]) => ({ name: `${prefix}${name}`, tensor: tensor.clone() })));
}

/**
 * Gives the loss of a loaded trainer its saved state; another loss than the one that was saved starts over.
 *
 * @throws {@link CheckpointError} when the state does not fit.
 */
export function restoreLoss(loss: ViewLoss, saved: LossConfig | null, tensors: NamedTensorMap): void {
  if (loss.restore === undefined || loss.config?.name !== saved?.name) return;
  const state: Record<string, Tensor> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    if (name.startsWith(prefix)) state[name.slice(prefix.length)] = tensor;
  }
  try {
    loss.restore(state);
  } catch (cause) {
    const error = asBackendError(cause);
    if (isError(error, 'BackendError')) throw error;
    throw new CheckpointError(
      `SimCLR.load: the saved state of the loss ${loss.name} does not fit it. ${(cause as Error).message}`,
      { cause },
    );
  }
}
