import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { asBackendError } from '../../errors/backend-failure.js';
import { CheckpointError } from '../../errors/errors.js';
import { isError } from '../../errors/is-error.js';
import type { LossConfig, ViewLoss } from '../../losses/index.js';
import type { NamedTensor } from '../../optimizers/index.js';

const prefix = 'loss/';

/** What a checkpoint holds of the loss's state. */
export interface SavedLossState {
  /** The caller disposes them. */
  tensors: NamedTensor[];
  /** Left out of files whose loss has none. */
  lossJson?: unknown;
}

/** Captures the state of a loss. */
export function captureLoss(loss: ViewLoss): SavedLossState {
  const { tensors = {}, json } = loss.capture?.() ?? {};
  return {
    tensors: Object.entries(tensors).map(([name, tensor]) => ({ name: `${prefix}${name}`, tensor })),
    ...(json != null && { lossJson: json }),
  };
}

/**
 * Gives the loss of a loaded trainer its saved state. A loss other than the saved one starts afresh.
 *
 * @throws {@link CheckpointError} when the state does not fit.
 */
export function restoreLoss(
  loss: ViewLoss,
  { loss: saved, lossJson = null }: { loss: LossConfig | null; lossJson?: unknown },
  tensors: NamedTensorMap,
): void {
  if (loss.restore === undefined || loss.config?.name !== saved?.name) return;
  const own: Record<string, Tensor> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    if (name.startsWith(prefix)) own[name.slice(prefix.length)] = tensor;
  }
  try {
    loss.restore({ tensors: own, json: lossJson });
  } catch (cause) {
    const error = asBackendError(cause);
    if (isError(error, 'BackendError')) throw error;
    throw new CheckpointError(
      `SimCLR.load: the saved state of the loss ${loss.name} does not fit it. ${(cause as Error).message}`,
      { cause },
    );
  }
}
