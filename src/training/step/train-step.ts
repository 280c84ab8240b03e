import {
  clone,
  dispose,
  keep,
  type NamedTensorMap,
  stack,
  type Tensor,
  type Tensor2D,
  tidy,
} from '@tensorflow/tfjs-core';
import { explainMemory } from '../../backend/explain-memory.js';
import { unlessLost } from '../../backend/lost-device.js';
import { explainMissingKernel } from '../../backend/missing-kernel.js';
import { readLoss, sumOfAll } from '../../backend/read-loss.js';
import { yieldToEventLoop } from '../../backend/yield-to-event-loop.js';
import { trainableVariables } from '../../models/named-weights.js';
import { rememberStatistics } from '../../models/running-statistics.js';
import { clonesOf } from '../../tensors/clones-of.js';
import { cachedGradients } from '../gradients/cached-gradients.js';
import { type ContrastiveGradients, viewGradients } from '../gradients/contrastive-gradients.js';
import type { TrainStepResult } from '../trainer.js';
import type { StepBatch } from './batch.js';
import { checkMicroBatch } from './check-micro-batch.js';
import { rememberStep } from './remember-step.js';
import type { TrainerCore } from './trainer-core.js';
import { makeViews, trainingViews } from './views.js';

/** What a step needs besides the images. */
export interface StepOptions {
  /** Pass over the data, which random draws follow. */
  epoch: number;
  /** The class of each image. */
  labels?: ArrayLike<number> | undefined;
  /** Images that go through the network at a time. */
  microBatchSize?: number | undefined;
}

/** A step whose weights have changed, and whose loss may not be known yet. */
export interface StepTaken {
  result: Promise<TrainStepResult>;
}

/**
 * One optimizer step on images that were checked: views, loss, gradients, update.
 *
 * @param ahead - Changes the weights before the loss is known to be finite; the result tells whether it was. Otherwise
 * the loss is known when the promise resolves.
 */
export async function takeStep(
  core: TrainerCore,
  batch: StepBatch,
  options: StepOptions,
  ahead = false,
): Promise<StepTaken> {
  core.checkUsable('SimCLR.step');
  return core.duringStep(() => step(core, batch, options, ahead));
}

async function step(
  core: TrainerCore,
  batch: StepBatch,
  options: StepOptions,
  ahead: boolean,
): Promise<StepTaken> {
  const { step: number } = core.progress;
  const learningRate = Number(
    (core.optimizer as { currentLearningRate?: number }).currentLearningRate ?? Number.NaN,
  );
  const statistics = rememberStatistics(core.encoder, core.projectionHead);
  const count = batch.indices.length;
  const explain = (error: unknown) =>
    explainMemory(explainMissingKernel(error), count, options.microBatchSize, (size) =>
      canTake(core, size, count),
    );
  try {
    const { loss } = await unlessLost('SimCLR', number, () => update(core, batch, options, ahead));
    core.progress.step++;
    const result = unlessLost('SimCLR', number, () => loss).then(
      (value) => ({ loss: value, learningRate, step: number }),
      (error: unknown) => {
        throw explain(error);
      },
    );
    result.catch(() => {}); // whoever awaits it hears of it
    core.unchecked = ahead ? result : undefined;
    return { result };
  } catch (error) {
    statistics.restore();
    throw explain(error);
  } finally {
    statistics.dispose();
  }
}

/** Whether a batch of `count` images can go through the network `size` at a time. */
function canTake(core: TrainerCore, size: number, count: number): boolean {
  try {
    checkMicroBatch('SimCLR', core, size, count, 'pictures');
    return core.parallel === undefined;
  } catch {
    return false;
  }
}

async function update(
  core: TrainerCore,
  batch: StepBatch,
  options: StepOptions,
  ahead: boolean,
): Promise<{ loss: Promise<number> }> {
  const made: Tensor[] = [];
  const projections: Tensor2D[] = [];
  const remember = (views: Tensor2D[]) => {
    if (!core.loss.afterStep) return;
    for (const own of clonesOf(() => views.map((view) => clone(view)))) projections.push(keep(own));
  };
  try {
    const { loss: lossTensor, gradients } = await batchGradients(core, batch, options, remember);
    made.push(lossTensor, ...Object.values(gradients));
    const summary = tidy(() => stack([lossTensor, sumOfAll(gradients)]));
    const loss = readLoss(summary, core.progress.step, ahead);
    loss.catch(() => {}); // whoever awaits it hears of it
    if (!ahead) await loss;
    core.checkUsable('SimCLR.step'); // it may have been disposed of while the loss was read
    applyGradients(core, gradients, projections);
    return { loss };
  } finally {
    dispose([...made, ...projections]);
  }
}

/** Updates the weights and the state of the loss: both, or neither. */
function applyGradients(
  { encoder, projectionHead, optimizer, loss }: TrainerCore,
  gradients: NamedTensorMap,
  projections: Tensor2D[],
): void {
  const before = rememberStep([encoder, projectionHead], optimizer, loss);
  try {
    optimizer.applyGradients(gradients);
    loss.afterStep?.(projections);
  } catch (error) {
    before.restore();
    throw error;
  } finally {
    before.dispose();
  }
}

/** Loss and gradients of a batch, at once or in micro-batches; or of the batches of all processes that train together. */
async function batchGradients(
  core: TrainerCore,
  batch: StepBatch,
  { epoch, labels, microBatchSize }: StepOptions,
  onProjections: (projections: Tensor2D[]) => void,
): Promise<ContrastiveGradients> {
  const { projected, projectionHead, parallel, viewBatching } = core;
  const { indices } = batch;
  const options = {
    encoder: projected,
    projectionHead,
    loss: parallel?.overAllProcesses(core.loss) ?? core.loss,
    labels,
    viewBatching,
    variables: trainableVariables(projected, projectionHead),
  };
  const count = indices.length;
  const size = microBatchSize ?? count;
  if (size === count) {
    const compute = () =>
      tidy(() => {
        const views = trainingViews(core, batch.rows(0, count), indices, epoch);
        const { loss, gradients } = viewGradients(views, options, onProjections);
        return { loss, gradients };
      });
    if (!parallel) return compute();
    const own = parallel.run(compute);
    try {
      return { loss: own.loss, gradients: await parallel.sum(own.gradients) };
    } catch (error) {
      own.loss.dispose();
      throw error;
    }
  }
  const rowNumbers = Array.from(indices);
  return cachedGradients(
    {
      ...options,
      chunks: count / size,
      views: (chunk) => {
        const start = chunk * size;
        return makeViews(core, batch.rows(start, size), rowNumbers.slice(start, start + size), epoch);
      },
      betweenChunks: async () => {
        await yieldToEventLoop();
        core.checkUsable('SimCLR.step');
      },
    },
    onProjections,
  );
}
