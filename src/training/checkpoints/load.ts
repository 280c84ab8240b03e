import { dispose, io, type NamedTensorMap } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { asBackendError } from '../../errors/backend-failure.js';
import { checkKeys } from '../../errors/check-keys.js';
import { shorten } from '../../errors/checks.js';
import { CheckpointError } from '../../errors/errors.js';
import { isError } from '../../errors/is-error.js';
import { registerLayers } from '../../models/index.js';
import { checkMade, loadKeys } from '../options/check-options.js';
import type { SimCLRLoadOptions, SimCLROptions } from '../options/simclr-options.js';
import { coreOf, type TrainerCore } from '../step/trainer-core.js';
import type { Trainer } from '../trainer.js';
import { checkTopology } from './check-topology.js';
import { restoreExtraState } from './extra-state.js';
import { type Checkpoint, checkCheckpoint, checkLayerSizes, type Metadata } from './format.js';
import { modelFromTopology, restoreWeights } from './restore-models.js';
import { restoreAverage } from './saved-average.js';
import { restoreLoss } from './saved-loss.js';
import { restoreOptimizer } from './saved-optimizer.js';
import { savedOptions } from './saved-options.js';
import { restoreReadoutOf } from './saved-readout.js';
import { trainerSettings } from './trainer-settings.js';

/** A checkpoint that was read: the constructor's options, and how to give a trainer made with them its state. */
export interface LoadedTrainer {
  options: SimCLROptions;
  /**
   * @param make - Makes the trainer with `options`.
   * @returns The trainer with weights, state of the optimizer, the loss and extra states, and progress.
   */
  restore<T extends Trainer>(make: () => T): Promise<T>;
}

/** Reads what `SimCLR.save` wrote, up to making the trainer. */
export async function loadTrainer(
  source: io.IOHandler | string,
  options: SimCLRLoadOptions,
): Promise<LoadedTrainer> {
  checkKeys('SimCLR.load', options, loadKeys);
  checkMade(options);
  const handler = typeof source === 'string' ? io.getLoadHandlers(source)[0] : source;
  if (!handler?.load) {
    throw new CheckpointError(
      `SimCLR.load: source must be an IO handler that loads, or the URL of one. Received: source=${String(source)}.`,
    );
  }
  const checkpoint = checkCheckpoint(await handler.load());
  return explained(() => open(checkpoint, options));
}

/** Errors of this library as they are, others as damage of the checkpoint. */
async function explained<T>(body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (cause) {
    const error = asBackendError(cause);
    if (isError(error, 'SimCLRError') || error instanceof ForeignError) throw unwrapped(error);
    throw new CheckpointError(
      `SimCLR.load: no trainer can be made of what source holds; is it what SimCLR.save wrote? Received: ${shorten((error as Error).message)}.`,
      { cause },
    );
  }
}

/** An error of the caller's own code, which is not damage. */
class ForeignError extends Error {}

function unwrapped(error: Error): unknown {
  return error instanceof ForeignError ? error.cause : error;
}

async function open(checkpoint: Checkpoint, given: SimCLRLoadOptions): Promise<LoadedTrainer> {
  const { metadata, topology, weightSpecs } = checkpoint;
  const { options, missing } = savedOptions(metadata, given);
  const made: { dispose?(): unknown }[] = given.optimizer ? [] : [options.optimizer];
  let tensors: NamedTensorMap = {};
  const release = () => {
    for (const part of made) part.dispose?.();
  };
  const model = async (role: 'encoder' | 'projectionHead'): Promise<LayersModel> => {
    if (given[role]) return given[role];
    const loaded = await modelFromTopology(role, topology[role]);
    made.push(loaded);
    return loaded;
  };
  try {
    checkLayerSizes(topology, weightSpecs);
    checkTopology(topology.encoder);
    checkTopology(topology.projectionHead);
    registerLayers();
    const encoder = await model('encoder');
    const projectionHead = await model('projectionHead');
    tensors = io.decodeWeights(checkpoint.weightData, weightSpecs);
    restoreWeights({ encoder, projectionHead }, tensors);
    return {
      options: { ...options, encoder, projectionHead },
      restore: (make) =>
        explained(async () => {
          try {
            const trainer = make();
            const core = coreOf('SimCLR.load', trainer);
            for (const part of made) core.own(part);
            if (core.loss !== given.loss) made.push(core.loss);
            for (const [part, advice] of missing) core.missing.set(part, advice);
            // Training with other views than before must not go unnoticed.
            if (missing.has('augmentation')) core.augmentations = [];
            await restoreState(core, metadata, tensors);
            return trainer;
          } catch (error) {
            release();
            throw error;
          } finally {
            dispose(tensors);
          }
        }),
    };
  } catch (error) {
    release();
    dispose(tensors);
    throw error;
  }
}

/** Gives a trainer everything but its weights. */
async function restoreState(core: TrainerCore, metadata: Metadata, tensors: NamedTensorMap): Promise<void> {
  restoreLoss(core.loss, metadata, tensors);
  restoreAverage(core, metadata.average, tensors);
  // Files of earlier versions do not have the time.
  const { step, epoch, batch, seconds = 0 } = metadata.progress;
  Object.assign(core.progress, { step, epoch, batch, seconds });
  if (metadata.fit) core.lastFit = metadata.fit;
  core.savedSettings = trainerSettings(metadata);
  if (!core.missing.has('optimizer')) await restoreOptimizer(core, metadata.optimizer, tensors);
  await restoreExtraState({ ...core.extraState }, metadata.extraState, tensors).catch((cause: unknown) => {
    throw isError(cause, 'SimCLRError') ? cause : new ForeignError('', { cause });
  });
  await restoreReadoutOf(core, metadata.readout, tensors); // last, because what fails later would leave it behind
}
