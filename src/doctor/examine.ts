import { dispose, type Tensor4D } from '@tensorflow/tfjs-core';
import { sliceImages } from '../data/image-rows.js';
import { checkImageValues, type ImageArrayLike } from '../data/index.js';
import { checkKeys } from '../errors/check-keys.js';
import { checkInteger } from '../errors/checks.js';
import { ShapeError } from '../errors/errors.js';
import type { Trainer } from '../training/index.js';
import { type PicturesOrViews, takeRange } from '../training/step/batch.js';
import { coreOf } from '../training/step/trainer-core.js';
import { attainableGain, chanceLoss, chanceShare } from './chance.js';
import { checkProbe } from './check-probe.js';
import { checkLearningRate, checkTemperature } from './check-settings.js';
import { type Diagnosis, type Finding, withoutConsequences } from './finding.js';
import { lossOf } from './loss-of.js';
import { checkInitialLoss, lossAtChance } from './loss-watch.js';
import { type Probe, sharesPartsOfBatch, takeProbe } from './probe.js';
import { pairStatistics, unitRows } from './similarities.js';

/** Options of {@link examine}. */
export interface ExamineOptions {
  /** Batch size of the training, for the usual range of the learning rate. @defaultValue the number of `images` */
  batchSize?: number;
  /** Pictures that are looked at. With batch normalisation in `groups` it is all of them. @defaultValue `64` */
  probeSize?: number;
  /** Draws of the views: two passes over the data, this one and the next. @defaultValue `0` */
  epoch?: number;
}

/** Steps after which a loss at chance is no beginning any more. */
const trainedSteps = 100;

/**
 * Examines a trainer on a batch: its settings, its views, its projections, its activations and its gradients. It
 * changes nothing: weights, running statistics and progress stay. Two draws of the views are made, and what chance has
 * a part in is reported only where both show it.
 *
 * @param simclr - The trainer, before, during or after training.
 * @param images - Pictures as for `trainStep`: float32 `[N, H, W, C]` in [0, 1], or an array with its shape; at least 2,
 * better 64. Not disposed.
 * @param options - {@link ExamineOptions}.
 * @returns Findings, the gravest cause first; none when all is well.
 * @throws `ShapeError`, `ValueRangeError` on bad pictures.
 * @throws `InvalidOptionError` on options outside their domain.
 * @throws `SimCLRError` after `dispose`.
 * @example
 * for (const { message, remedy } of await examine(simclr, pictures)) console.log(message, remedy);
 */
export async function examine(
  simclr: Trainer,
  images: Tensor4D | ImageArrayLike,
  options: ExamineOptions = {},
): Promise<Finding[]> {
  checkKeys('examine', options, { batchSize: 1, probeSize: 1, epoch: 1 });
  const { probeSize = 64, epoch = 0 } = options;
  const { batchSize = images?.shape?.[0] ?? 0 } = options;
  coreOf('examine', simclr).checkUsable('examine');
  checkInteger('examine', 'probeSize', probeSize, 2);
  checkInteger('examine', 'epoch', epoch, 0);
  const all = sliceImages('examine', images);
  try {
    if (all.shape[0] < 2) {
      throw new ShapeError(`examine: images must be at least 2. Received: images=[${all.shape}].`);
    }
    checkInteger('examine', 'batchSize', batchSize, 2);
    await checkImageValues('examine', 'images', all);
    const { step } = simclr.progress;
    const draws: Diagnosis[][] = [];
    for (const draw of [epoch, epoch + 1]) {
      const rows = Array.from({ length: all.shape[0] }, (_, row) => row);
      const take = (count: number) => ({
        images: takeRange(all, 0, Math.min(count, rows.length)),
        indices: rows.slice(0, count),
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

/**
 * A probe of the first pictures of a batch, or of all where a part would be normalised otherwise than the whole.
 *
 * @param take - Gives at most so many of the pictures, as a new tensor, and their numbers.
 */
export async function probeOf(
  simclr: Trainer,
  take: (count: number) => { images: PicturesOrViews; indices: ArrayLike<number> },
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

/** A finding, without what only the doctor's own memory needs. */
export function toFinding({ certain: _, ...diagnosis }: Diagnosis, step: number): Finding {
  return { ...diagnosis, step };
}

function checkLoss(simclr: Trainer, { projections, pairs }: Probe, step: number): Diagnosis[] {
  const { temperature, customLoss } = lossOf(simclr);
  if (customLoss) return [];
  const { loss } = pairStatistics(unitRows(projections, 2 * pairs), pairs, temperature);
  if (step === 0) return checkInitialLoss(loss, pairs, temperature);
  const isChance = chanceLoss(pairs) - loss < chanceShare * attainableGain(pairs, temperature);
  return step >= trainedSteps && isChance ? [lossAtChance(loss, pairs, step)] : [];
}
