import { readsLate } from '../../backend/late-reading.js';
import { labelsOfBatch } from '../../data/batches/labels-of-batch.js';
import type { NonFiniteLossError } from '../../errors/errors.js';
import { isError } from '../../errors/is-error.js';
import type { SkippedStep } from '../callbacks/callback.js';
import { checkLabels } from '../step/check-labels.js';
import { checkMicroBatch } from '../step/check-micro-batch.js';
import { takeStep } from '../step/train-step.js';
import type { TrainerCore } from '../step/trainer-core.js';
import type { TrainStepResult } from '../trainer.js';
import type { FitBatch } from './epoch-batches.js';
import type { FitOptions } from './fit-options.js';
import { NonFinitePolicy } from './non-finite-policy.js';
import type { PendingStep } from './pending-steps.js';

const caller = 'SimCLR.fit';

/** Takes the steps of a `fit`, or leaves them out where their loss is not finite and the policy says so. */
export class FitSteps {
  private readonly policy: NonFinitePolicy;

  constructor(
    private readonly core: TrainerCore,
    private readonly options: FitOptions,
    private readonly batchSize: number,
    private readonly microBatchSize: number | undefined,
  ) {
    this.policy = new NonFinitePolicy(core, options.onNonFinite);
  }

  /** The step that was left out last. */
  get skipped(): SkippedStep | undefined {
    return this.policy.last;
  }

  /** Takes a step; `undefined` where it was left out. */
  async take(batch: FitBatch): Promise<PendingStep | undefined> {
    const { core, microBatchSize } = this;
    const { length } = batch.indices;
    // Batches of an iterable have a size of their own.
    if (microBatchSize !== undefined && length !== this.batchSize) {
      checkMicroBatch(caller, core, microBatchSize, length, 'images of a batch');
    }
    const options = { epoch: core.progress.epoch, labels: this.labelsFor(batch), microBatchSize };
    // A step that may be left out has to be known before; processes that train together wait for each other anyway.
    if (readsLate() && !this.policy.leavesOut && !core.parallel) {
      const { result } = await takeStep(core, batch, options, true);
      return { batch, result, late: true };
    }
    try {
      const { result } = await takeStep(core, batch, options);
      await result;
      this.policy.succeeded();
      return { batch, result, late: false };
    } catch (error) {
      this.policy.skip(await explain(error, batch));
      return undefined;
    }
  }

  /** What came of a step. */
  async resultOf({ batch, result }: PendingStep): Promise<TrainStepResult> {
    try {
      return await result;
    } catch (error) {
      throw await explain(error, batch);
    }
  }

  /** The labels given for the data set, by the numbers of the images; else those that the batch carries, if needed. */
  private labelsFor({ whole, indices }: FitBatch): ArrayLike<number> | undefined {
    const { labels } = this.options;
    if (labels !== undefined) return labelsOfBatch(caller, 'labels', whole ?? { indices }, labels);
    const { loss } = this.core;
    if (!loss.needsLabels) return undefined;
    checkLabels(caller, loss, whole?.labels, indices.length);
    return whole?.labels;
  }
}

/** NaN in an image is the likelier cause of a loss that is not finite, and the one with a place to look at. */
async function explain(error: unknown, batch: FitBatch): Promise<NonFiniteLossError> {
  if (!isError(error, 'NonFiniteLossError')) throw error;
  await batch.checkValues();
  return error;
}
