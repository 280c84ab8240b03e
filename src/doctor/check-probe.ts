import { embeddingHealth } from '../evaluation/index.js';
import type { Trainer } from '../training/index.js';
import { attainableGain, chanceLoss, chanceShare } from './chance.js';
import { short } from './check-settings.js';
import type { Diagnosis } from './finding.js';
import { lossOf } from './loss-of.js';
import type { Probe } from './probe.js';
import { pairingRate, pairStatistics, unitRows } from './similarities.js';

/** Steps before the geometry of projections is judged, because it may still be that of the initial weights. */
export const minGeometrySteps = 50;

/** Everything that one probe shows to be wrong. */
export async function checkProbe(simclr: Trainer, probe: Probe): Promise<Diagnosis[]> {
  const { pairs, projections } = probe;
  // The other checks compare projections, and every comparison with NaN is false.
  const nonFinite = checkFinite(probe);
  if (nonFinite.length > 0) return nonFinite;
  const units = unitRows(projections, 2 * pairs);
  const { temperature } = lossOf(simclr);
  const statistics = pairStatistics(units, pairs, temperature);
  const gain = chanceLoss(pairs) - statistics.loss;
  const atChance = gain < chanceShare * attainableGain(pairs, temperature);
  return [
    ...checkViews(probe, units),
    ...checkConstant(probe),
    ...(await checkGeometry(simclr, probe, atChance)),
    ...checkScale(probe),
    ...checkLeak(simclr, probe, statistics.loss),
    ...checkActivations(probe),
    ...checkGradients(probe, statistics.loss),
  ];
}

function checkViews({ viewDifferences, thumbnails, pairs }: Probe, units: Float32Array): Diagnosis[] {
  // A thousandth of the range is less than one of 255 steps. An augmentation with flips alone leaves half of the views
  // equal.
  const identical = viewDifferences.filter((difference) => difference < 1e-3).length / pairs;
  if (identical >= 0.95) {
    return [
      {
        code: 'identical-views',
        severity: 'error',
        certain: true,
        message: `Both views are the same for ${Math.round(identical * pairs)} of ${pairs} pictures, so that finding the pair takes no learning.`,
        remedy:
          'Give SimCLR an augmentation that draws at random for every view, as simclrAugmentation does.',
        evidence: { identical, pairs },
      },
    ];
  }
  // By chance the rate deviates by at most 0.29 / sqrt(pairs) (a uniform rank), a little less in both at once.
  const limit = 0.5 + 0.29 / Math.sqrt(pairs);
  const [inPixels, inProjections] = [pairingRate(thumbnails, pairs), pairingRate(units, pairs)];
  if (pairs < 16 || inPixels > limit || inProjections > limit) return [];
  return [
    {
      code: 'unrelated-views',
      severity: 'error',
      certain: false,
      message: `The two views of a picture are no more similar than views of different pictures (${short(100 * inPixels)} % of comparisons in pixels, ${short(100 * inProjections)} % in projections, 50 % is chance).`,
      remedy: 'Check that the augmentation keeps the order of the batch, and weaken its crops and colors.',
      evidence: { pairingInPixels: inPixels, pairingInProjections: inProjections, limit, pairs },
    },
  ];
}

function checkFinite({ projections }: Probe): Diagnosis[] {
  const wrong = projections.filter((value) => !Number.isFinite(value)).length;
  if (wrong === 0) return [];
  return [
    {
      code: 'non-finite-projections',
      severity: 'error',
      certain: true,
      message: `${wrong} of ${projections.length} values of the projections z are NaN or infinite.`,
      remedy:
        'Go back to the last checkpoint, lower the learning rate or warm up, and check your pictures and your own layers for NaN.',
      evidence: { nonFinite: wrong, values: projections.length },
    },
  ];
}

function checkConstant({ projections, pairs }: Probe): Diagnosis[] {
  const dim = projections.length / (2 * pairs);
  let largest = 0;
  let spread = 0;
  for (let column = 0; column < dim; column++) {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let row = 0; row < 2 * pairs; row++) {
      const value = projections[row * dim + column]!;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    largest = Math.max(largest, Math.abs(low), Math.abs(high));
    spread = Math.max(spread, high - low);
  }
  // About 100 roundings of float32: a smaller spread carries nothing of the picture.
  if (spread > 1e-5 * largest) return [];
  return [
    {
      code: 'constant-projections',
      severity: 'error',
      certain: true,
      message: `The projections z are ${largest === 0 ? 'zero' : 'the same'} for every picture, so that the loss cannot tell any apart and gives no gradient.`,
      remedy:
        'Look for a layer of zero weights, dead units or a saturated activation, and restart from other weights.',
      evidence: { largest, spread },
    },
  ];
}

async function checkGeometry(
  simclr: Trainer,
  { projections, pairs }: Probe,
  atChance: boolean,
): Promise<Diagnosis[]> {
  if (simclr.progress.step < minGeometrySteps) return [];
  const dim = projections.length / (2 * pairs);
  const health = await embeddingHealth({ data: projections, shape: [2 * pairs, dim] });
  const { meanSimilarity, effectiveRank, std, expectedStd } = health;
  if (meanSimilarity > 0.99 && atChance) {
    return [
      {
        code: 'collapsed-projections',
        severity: 'error',
        certain: false,
        message: `The projections have collapsed: those of different pictures have a mean cosine similarity of ${meanSimilarity.toFixed(4)}.`,
        remedy:
          'Use a loss with negatives such as NT-Xent, a smaller weight decay, and a lower learning rate with warm-up.',
        evidence: { meanSimilarity, std, expectedStd, effectiveRank },
      },
    ];
  }
  // The limit of embeddingHealth: all rows on one axis. Using only some of the dimensions is normal.
  if (effectiveRank >= 1.5 || dim < 8 || pairs < 8) return [];
  return [
    {
      code: 'low-rank-projections',
      severity: 'warning',
      certain: false,
      message: `The projections use ${short(effectiveRank)} of ${dim} dimensions (effective rank).`,
      remedy:
        'Widen the narrowest layer of encoder and head, or use stronger augmentation and more varied pictures.',
      evidence: { effectiveRank, dim, std, expectedStd },
    },
  ];
}

function checkScale({ customLoss, pairs }: Probe): Diagnosis[] {
  if (!customLoss || pairs < 4) return [];
  const { plain, doubled, shrunk } = customLoss;
  const sensitive = Math.abs(doubled - plain) > 1e-3 * Math.abs(plain);
  // A softmax loss is the logarithm of its number of candidates when all scores are equal. Other losses are not.
  const candidates = [2 * pairs - 1, 2 * pairs - 2, 2 * pairs, pairs, pairs - 1];
  const isSoftmax = candidates.some((count) =>
    [1, 2].some((factor) => Math.abs(shrunk - factor * Math.log(count)) < 2e-3 * Math.log(count)),
  );
  if (!sensitive || !isSoftmax) return [];
  return [
    {
      code: 'unnormalized-projections',
      severity: 'error',
      certain: true,
      message: `The loss compares projections that are not normalized: it is ${short(plain)} for z and ${short(doubled)} for twice z.`,
      remedy:
        'Divide each row of z by its length in the loss, as ntXentLoss does, or leave out the option loss.',
      evidence: { loss: plain, lossOfDoubled: doubled, lossOfShrunk: shrunk },
    },
  ];
}

function checkLeak(simclr: Trainer, { shuffledProjections, pairs }: Probe, loss: number): Diagnosis[] {
  if (!shuffledProjections) return [];
  const units = unitRows(shuffledProjections, 2 * pairs);
  const { temperature } = lossOf(simclr);
  const shuffled = pairStatistics(units, pairs, temperature).loss;
  // Normalization over the whole batch does not depend on the order: then the two losses differ by rounding only.
  if (shuffled - loss < 0.1 * attainableGain(pairs, temperature)) return [];
  return [
    {
      code: 'statistics-leak',
      severity: 'error',
      certain: false,
      message: `Batch normalization gives the pairs away: the loss is ${short(loss)}, but ${short(shuffled)} when partners are in different parts of the batch.`,
      remedy: 'Normalize over the whole batch (groups: 1), or make the parts of the batch larger.',
      evidence: { loss, shuffledLoss: shuffled, pairs },
    },
  ];
}

function checkActivations({ activations }: Probe): Diagnosis[] {
  let worst = { layer: '', share: 0, units: 0 };
  for (const [layer, largest] of activations) {
    const share = largest.filter((value) => value <= 0).length / largest.length;
    if (largest.length >= 4 && share > worst.share) worst = { layer, share, units: largest.length };
  }
  // Without batch normalization half of the units may start dead, but not nearly all of them.
  if (worst.share < 0.9) return [];
  return [
    {
      code: 'dead-relu',
      severity: 'error',
      certain: false,
      message: `${Math.round(worst.share * worst.units)} of ${worst.units} units after the ReLU of ${worst.layer} are 0 for every picture.`,
      remedy:
        'Lower the learning rate or warm up, put batch normalization before the ReLU, and restart: dead units do not recover.',
      evidence: { layer: worst.layer, deadShare: worst.share, units: worst.units },
    },
  ];
}

function checkGradients({ gradientNorm, weightNorm, pairs, customLoss }: Probe, loss: number): Diagnosis[] {
  // By how many nats the loss would change, to first order, if the weights changed by their own length. This does not
  // depend on the scale of the weights.
  const leverage = gradientNorm * weightNorm;
  const evidence = { gradientNorm, weightNorm, leverage };
  if (leverage > 1e4) {
    return [
      {
        code: 'exploding-gradient',
        severity: 'error',
        certain: false,
        message: `The gradient explodes: a change of the weights by a thousandth changes the loss by ${short(leverage / 1000)} nats.`,
        remedy:
          'Put batch normalization or shortcuts between the layers, start from smaller weights, or lower the learning rate.',
        evidence,
      },
    ];
  }
  // When the pairs are found with certainty, nothing is left to learn and the gradient is zero. The minimum of a custom
  // loss is unknown.
  if (leverage > 1e-4 || customLoss || loss < 0.1 * chanceLoss(pairs)) return [];
  return [
    {
      code: 'vanishing-gradient',
      severity: 'error',
      certain: false,
      message: `The gradient vanishes: its length is ${short(gradientNorm)}, with a loss of ${short(loss)}.`,
      remedy:
        'Replace saturating activations by ReLU with batch normalization, or start from smaller weights.',
      evidence,
    },
  ];
}
