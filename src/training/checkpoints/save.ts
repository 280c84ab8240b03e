import { io } from '@tensorflow/tfjs-core';
import { unlessLost } from '../../backend/lost-device.js';
import { CheckpointError } from '../../errors/errors.js';
import type { TrainerCore } from '../step/trainer-core.js';
import { checkFinite } from './format.js';
import {
  joinBuffers,
  readSharedSnapshot,
  readSnapshot,
  type Snapshot,
  type SnapshotArtifacts,
  type TensorBytes,
  takeSnapshot,
} from './snapshot.js';

/** A handler that may keep the buffers it is given: it writes them while training continues, and no copy is made. */
export interface OwningHandler extends io.IOHandler {
  /**
   * Saves artifacts that are not yet searched for NaN, with the bytes of each tensor. Buffers are no longer the caller's;
   * views of shared memory stay as they are until the promise settles.
   */
  saveOwned?(artifacts: SnapshotArtifacts<TensorBytes>): Promise<io.SaveResult>;
}

/** What `SimCLR.save` does. */
export async function saveTrainer(core: TrainerCore, target: io.IOHandler | string): Promise<io.SaveResult> {
  core.checkUsable('SimCLR.save');
  checkComplete(core);
  const handler: OwningHandler | undefined =
    typeof target === 'string' ? io.getSaveHandlers(target)[0] : target;
  if (!handler?.save) {
    throw new CheckpointError(
      `SimCLR.save: target must be an IO handler that saves, or the URL of one. Received: target=${String(target)}.`,
    );
  }
  const { unchecked } = core;
  const snapshot = await takeSnapshot(core);
  let artifacts: SnapshotArtifacts<ArrayBuffer>;
  try {
    await unchecked; // a step whose loss is not known yet may have made the weights useless
    const { step } = snapshot.metadata.progress;
    const read = <T>(from: (snapshot: Snapshot) => Promise<T>) =>
      unlessLost('SimCLR.save', step, () => from(snapshot));
    if (handler.saveOwned) return await handler.saveOwned(await read(readSharedSnapshot));
    artifacts = await read(readSnapshot);
  } finally {
    for (const { tensor } of snapshot.tensors) tensor.dispose();
  }
  checkFinite(artifacts.weightData, artifacts.weightSpecs);
  return handler.save({ ...artifacts, weightData: joinBuffers(artifacts.weightData) });
}

/** A file without the state of an optimizer or a loss would look like a whole checkpoint. */
function checkComplete({ missing }: TrainerCore): void {
  for (const part of ['loss', 'optimizer'] as const) {
    const advice = missing.get(part);
    if (advice === undefined) continue;
    throw new CheckpointError(
      `SimCLR.save: ${part} must be there, because its state belongs to a checkpoint. ${advice}`,
    );
  }
}
