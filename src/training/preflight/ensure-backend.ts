import { backend } from '@tensorflow/tfjs-core';
import { BackendError } from '../../errors/errors.js';
import type { SimCLR } from '../simclr.js';
import { checkBackend } from './check-backend.js';

/** For each trainer the backends that were found able, and for how many pictures at a time. */
const able = new WeakMap<SimCLR, WeakMap<object, number>>();

/**
 * Asks once for each trainer and backend. What is not of this library (a loss or a transform of one's own) is not called
 * for it.
 *
 * @param images - Pictures that enter the encoder at a time, where it is known.
 * @throws {@link BackendError} when the active backend cannot train, with the reason and what helps.
 */
export async function ensureBackend(simclr: SimCLR, images: number | undefined): Promise<void> {
  const known = able.get(simclr) ?? new WeakMap<object, number>();
  able.set(simclr, known);
  if ((known.get(backend()) ?? -1) >= (images ?? 0)) return;
  const { encoder, projectionHead, viewBatching } = simclr;
  const loss = simclr.loss.config ? simclr.loss : undefined;
  const augmentation = simclr.augmentations.filter(({ config }) => config !== undefined);
  const check = await checkBackend({ encoder, projectionHead, loss, augmentation, viewBatching, images });
  if (!check.ok) {
    throw new BackendError(`SimCLR.fit: the backend must be able to train. ${check.message}`);
  }
  known.set(backend(), images ?? 0);
}
