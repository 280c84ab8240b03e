/** The recipe of both sides: plain data that each gets as JSON. */
export const recipe = {
  /** ResNet-18 of width 64, 7x7 stem with stride 2 and pool, torchvision's initialization. */
  stem: 'imagenet',
  width: 64,
  headHidden: [512, 512],
  headOutput: 64,
  temperature: 0.2,
  batchSize: 256,
  /** AdamW, the decay on every weight. */
  learningRate: 1e-3,
  weightDecay: 1e-4,
  warmupShare: 0.05,
  cropScale: [0.08, 1],
  cropRatio: [3 / 4, 4 / 3],
  flipProbability: 0.5,
  jitterStrength: 0.5,
  jitterProbability: 0.8,
  grayscaleProbability: 0.2,
  mean: [0.4914, 0.4822, 0.4465],
  std: [0.247, 0.243, 0.261],
} as const;

/** {@link recipe}, also after a round trip through JSON. */
export type Recipe = typeof recipe;

/**
 * Linear warm-up, then half a cosine to 0. The same as `learning_rate` of torch_simclr.py.
 *
 * @param share - How much of the training is done, by time or by steps; 1 and more is all.
 */
export function learningRateAt({ learningRate, warmupShare }: Recipe, share: number): number {
  const done = Math.min(share, 1);
  if (done < warmupShare) return learningRate * Math.max(done / warmupShare, 0.02);
  return (learningRate / 2) * (1 + Math.cos((Math.PI * (done - warmupShare)) / (1 - warmupShare)));
}
