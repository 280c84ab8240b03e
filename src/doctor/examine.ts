import { dispose, type Tensor4D } from '@tensorflow/tfjs-core';
import { checkImageDataset } from '../data/check-image-dataset.js';
import { isInMemory } from '../data/image-dataset.js';
import { sliceImages } from '../data/image-rows.js';
import { checkImageValues, type ImageDataset, imageBatches, type TensorBatch } from '../data/index.js';
import { checkKeys } from '../errors/check-keys.js';
import { checkInteger } from '../errors/checks.js';
import { ShapeError } from '../errors/errors.js';
import type { Trainer } from '../training/index.js';
import { attainableGain, chanceLoss, chanceShare } from './chance.js';
import { checkProbe } from './check-probe.js';
import { checkLearningRate, checkTemperature } from './check-settings.js';
import { type Diagnosis, type Finding, withoutConsequences } from './finding.js';
import { lossOf } from './loss-of.js';
import { checkInitialLoss, lossAtChance } from './loss-watch.js';
import { type Probe, type StepPictures, sharesPartsOfBatch, takeProbe } from './probe.js';
import { pairStatistics, unitRows } from './similarities.js';

/** Options of {@link examine}. */
export interface ExamineOptions {
  /**
   * Batch size of training, for the usual range of the learning rate; a data set that is not in memory gives its first
   * batch of this size.
   *
   * @defaultValue the number of `images` in memory, otherwise `64`
   */
  batchSize?: number;
  /** Pictures per probe. With batch normalization in `groups` it takes all of them. @defaultValue `64` */
  probeSize?: number;
  /** Epoch whose views to draw; the views of the next one confirm the findings. @defaultValue `0` */
  epoch?: number;
}

/** Steps after which a loss at chance is a finding. */
const minTrainedSteps = 100;

/**
 * Examines a trainer on a batch: settings, views, projections, activations and gradients. Weights, running statistics and
 * progress do not change. A finding that may be due to chance is reported only if two draws of the views show it.
 *
 * @param simclr - The trainer, before, during or after training.
 * @param images - float32 `[N, H, W, C]` in [0, 1] or bytes, at least 2 pictures and better 64; or any other data set that
 * `fit` takes, whose first batch is examined. A tensor is not disposed.
 * @param options - {@link ExamineOptions}.
 * @returns Findings, errors before warnings; none when all is well.
 * @throws `ShapeError`, `ValueRangeError` on bad pictures.
 * @throws `InvalidOptionError` on options outside their domain.
 * @throws `SimCLRError` after `dispose`.
 * @example
 * for (const { message, remedy } of await examine(simclr, pictures)) console.log(message, remedy);
 */
export async function examine(
  simclr: Trainer,
  images: ImageDataset,
  options: ExamineOptions = {},
): Promise<Finding[]> {
  checkKeys('examine', options, { batchSize: 1, probeSize: 1, epoch: 1 });
  const { probeSize = 64, epoch = 0 } = options;
  checkInteger('examine', 'probeSize', probeSize, 2);
  checkInteger('examine', 'epoch', epoch, 0);
  checkImageDataset('examine', 'images', images);
  const { batchSize = isInMemory(images) ? Math.max(2, images.shape[0]!) : 64 } = options;
  checkInteger('examine', 'batchSize', batchSize, 2);
  const { images: all, indices: numbers } = await batchToExamine(images, batchSize, simclr.seed, epoch);
  try {
    if (all.shape[0] < 2) {
      throw new ShapeError(`examine: images must be at least 2. Received: images=[${all.shape}].`);
    }
    await checkImageValues('examine', 'images', all);
    const { step } = simclr.progress;
    const draws: Diagnosis[][] = [];
    for (const draw of [epoch, epoch + 1]) {
      const take = (count: number) => ({
        images: sliceImages('examine', all, 0, Math.min(count, numbers.length)),
        indices: numbers.slice(0, count),
      });
      const probe = await probeOf(simclr, take, draw, probeSize);
      draws.push([...(await checkProbe(simclr, probe)), ...checkLoss(simclr, probe, step)]);
    }
    const confirmed = draws[1]!.filter(
      ({ code, certain }) => certain || draws[0]!.some((other) => other.code === code),
    );
    const settings = [...checkTemperature(simclr), ...checkLearningRate(simclr, batchSize)];
    return withoutConsequences([...settings, ...confirmed])
      .map((diagnosis) => toFinding(diagnosis, step))
      .sort((a, b) => Number(b.severity === 'error') - Number(a.severity === 'error'));
  } finally {
    all.dispose();
  }
}

/** Pictures in memory as they are, as one batch; of any other data set the first batch of a pass. */
async function batchToExamine(
  images: ImageDataset,
  batchSize: number,
  seed: number,
  epoch: number,
): Promise<Pick<TensorBatch, 'images' | 'indices'>> {
  if (isInMemory(images)) {
    const all = sliceImages('examine', images);
    return { images: all, indices: Uint32Array.from({ length: all.shape[0] }, (_, row) => row) };
  }
  for await (const batch of imageBatches(images, { batchSize, seed, epoch, dropRemainder: false }))
    return batch;
  throw new ShapeError('examine: images must have at least one batch. Received: none.');
}

/**
 * Probes the first pictures of a batch, or all of them when a part would be normalized differently from the whole.
 *
 * @param take - Gives at most `count` of the pictures as new tensors, with their numbers.
 */
export async function probeOf(
  simclr: Trainer,
  take: (count: number) => { images: StepPictures; indices: ArrayLike<number> },
  epoch: number,
  probeSize: number,
): Promise<Probe> {
  const { images, indices } = take(sharesPartsOfBatch(simclr) ? Number.POSITIVE_INFINITY : probeSize);
  try {
    return await takeProbe(simclr, images, indices, epoch);
  } finally {
    dispose(images as Tensor4D | Tensor4D[]);
  }
}

/** Turns a diagnosis into a finding. */
export function toFinding({ certain: _, ...diagnosis }: Diagnosis, step: number): Finding {
  return { ...diagnosis, step };
}

function checkLoss(simclr: Trainer, { projections, pairs }: Probe, step: number): Diagnosis[] {
  const { temperature, customLoss } = lossOf(simclr);
  if (customLoss) return [];
  const { loss } = pairStatistics(unitRows(projections, 2 * pairs), pairs, temperature);
  if (step === 0) return checkInitialLoss(loss, pairs, temperature);
  const isChance = chanceLoss(pairs) - loss < chanceShare * attainableGain(pairs, temperature);
  return step >= minTrainedSteps && isChance ? [lossAtChance(loss, pairs, step)] : [];
}
