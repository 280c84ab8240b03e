import { backend } from '@tensorflow/tfjs-core';
import { BackendError } from '../../errors/errors.js';
import type { TrainerParts } from '../trainer.js';
import { checkBackend } from './check-backend.js';

/** For each trainer the backends that were found able, and for how many images at a time. */
const able = new WeakMap<object, WeakMap<object, number>>();

/**
 * Asks once for each trainer and backend. It does not call what is not of this library, such as your own loss.
 *
 * @param images - Images that enter the encoder at a time, where it is known.
 * @throws {@link BackendError} when the active backend cannot train, with the reason and what helps.
 */
export async function ensureBackend(parts: TrainerParts, images: number | undefined): Promise<void> {
  const known = able.get(parts) ?? new WeakMap<object, number>();
  able.set(parts, known);
  if ((known.get(backend()) ?? -1) >= (images ?? 0)) return;
  const { projected: encoder, projectionHead, viewBatching } = parts;
  const loss = parts.loss.config ? parts.loss : undefined;
  const augmentation = parts.augmentations.filter(({ config }) => config !== undefined);
  const check = await checkBackend({ encoder, projectionHead, loss, augmentation, viewBatching, images });
  if (!check.ok) {
    throw new BackendError(`SimCLR.fit: the backend must be able to train. ${check.message}`);
  }
  known.set(backend(), images ?? 0);
}
