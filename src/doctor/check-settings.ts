import type { Trainer } from '../training/index.js';
import type { Diagnosis } from './finding.js';
import { lossOf } from './loss-of.js';

/**
 * Temperatures that somebody trains with: Chen et al. 2020 try 0.05 to 1 (table 5), sthalles takes 0.07, lightly 0.5.
 * The limits are half and twice the outermost.
 */
const usualTemperature = [0.025, 2] as const;

/**
 * Peak rates per 256 pictures. Published ones: SGD 0.03 to 0.75, LARS 0.3 to 1, Adam 3e-4 to 2e-3 whatever the batch
 * (see the recipes). The limits leave about a factor of 10 on either side.
 */
const usualRates: Record<string, { range: readonly [number, number]; scales: boolean }> = {
  SGD: { range: [0.002, 5], scales: true },
  Momentum: { range: [0.002, 5], scales: true },
  LARS: { range: [0.02, 10], scales: true },
  AdamW: { range: [1e-5, 2e-2], scales: false },
  Adam: { range: [1e-5, 2e-2], scales: false },
  AdaMax: { range: [1e-5, 2e-2], scales: false },
};

/** The temperature, where the loss is NT-Xent. */
export function checkTemperature(simclr: Trainer): Diagnosis[] {
  const { temperature, customLoss } = lossOf(simclr);
  const [low, high] = usualTemperature;
  if (customLoss || (temperature >= low && temperature <= high)) return [];
  const effect =
    temperature < low
      ? 'a few hardest negatives are all that it sees'
      : 'similar and dissimilar views weigh nearly the same';
  return [
    {
      code: 'temperature',
      severity: 'warning',
      certain: true,
      message: `The temperature of ${temperature} is outside the usual ${low} to ${high}, so that ${effect}.`,
      remedy: 'Take 0.5 for small pictures and short runs, or 0.1 for ImageNet.',
      evidence: { temperature, low, high },
    },
  ];
}

/** The peak learning rate, where the optimizer is a known one and tells. */
export function checkLearningRate(simclr: Trainer, batchSize: number): Diagnosis[] {
  const className = simclr.optimizer.getClassName();
  const usual = usualRates[className];
  const rate = peakRate(simclr);
  if (!usual || rate === undefined) return [];
  // Linear and square-root scaling are both in use: what either allows is usual.
  const ratio = usual.scales ? batchSize / 256 : 1;
  const low = usual.range[0] * Math.min(ratio, Math.sqrt(ratio));
  const high = usual.range[1] * Math.max(ratio, Math.sqrt(ratio));
  if (rate >= low && rate <= high) return [];
  const [word, opposite] = rate < low ? ['low', 'Raise'] : ['high', 'Lower'];
  return [
    {
      code: 'learning-rate',
      severity: 'warning',
      certain: true,
      message: `The learning rate of ${short(rate)} is unusually ${word} for ${className} and batches of ${batchSize}.`,
      remedy: `${opposite} it into ${short(low)} to ${short(high)}; recipes for ${className} are in simclr-ts/recipes.`,
      evidence: { learningRate: rate, low, high, batchSize },
    },
  ];
}

function peakRate(simclr: Trainer): number | undefined {
  const { learningRate } = simclr.optimizer as unknown as { learningRate?: unknown };
  if (typeof learningRate === 'number') return learningRate;
  const peak = (learningRate as { config?: { learningRate?: unknown } } | undefined)?.config?.learningRate;
  return typeof peak === 'number' ? peak : undefined;
}

/** A number as people write it. */
export function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
