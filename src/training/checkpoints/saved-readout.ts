import type { NamedTensorMap } from '@tensorflow/tfjs-core';
import { Readout, type ReadoutJSON, type ReadoutState, type ReadoutTensor } from '../../features/index.js';
import { checkReadoutJSON } from '../../features/readout/readout-state.js';
import { restoreReadout } from '../../features/readout/restore-readout.js';
import type { NamedTensor } from '../../optimizers/index.js';
import type { TrainerCore } from '../step/trainer-core.js';

const prefix = 'readout/';

/** What a checkpoint holds of the read-out: its description, or that the encoder was trained after it was fitted. */
export type SavedReadout = ReadoutJSON | 'stale';

/** Whether a tensor of a checkpoint is part of the read-out. */
export function isReadoutTensor(name: string): boolean {
  return name.startsWith(prefix);
}

/** The read-out at this moment. A stale one is left out, because the encoder that it reads is gone. The caller disposes the tensors. */
export function captureReadout({ readout }: TrainerCore): {
  tensors: NamedTensor[];
  readout?: SavedReadout;
} {
  if (readout.status === 'none') return { tensors: [] };
  if (readout.status === 'stale') return { tensors: [], readout: 'stale' };
  const { json, kernel, bias } = readout.get()!.whitening();
  return {
    readout: json,
    tensors: [
      { name: `${prefix}kernel`, tensor: kernel.clone() },
      { name: `${prefix}bias`, tensor: bias.clone() },
    ],
  };
}

/**
 * Gives a trainer, whose encoder has its weights, the read-out that was saved.
 *
 * @throws {@link CheckpointError} when it does not fit the encoder.
 */
export async function restoreReadoutOf(
  core: TrainerCore,
  saved: SavedReadout | undefined,
  tensors: NamedTensorMap,
): Promise<void> {
  if (saved === undefined) return;
  const readout = saved === 'stale' ? undefined : checkReadoutJSON('SimCLR.load', saved);
  // With another normalization than saved, the encoder is not the one that was read.
  if (!readout || !core.readout.hasNormalization(readout.normalization)) return core.readout.setLost();
  const read = async (name: string): Promise<ReadoutTensor | undefined> => {
    const tensor = tensors[`${prefix}${name}`];
    return tensor && { data: await tensor.data<'float32'>(), shape: tensor.shape };
  };
  const state = { json: readout, tensors: { kernel: await read('kernel'), bias: await read('bias') } };
  const restored = await restoreReadout('SimCLR.load', core, state as ReadoutState);
  if (restored) core.readout.set(new Readout(restored.model, restored.json));
  else core.readout.setLost();
}
