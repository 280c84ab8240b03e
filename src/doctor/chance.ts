/** NT-Xent of embeddings that are all the same: ln(VN - 1) for V views of N pictures. */
export function chanceLoss(pairs: number, views = 2): number {
  return Math.log(views * pairs - 1);
}

/**
 * How far below chance NT-Xent can fall, in nats. The loss does not fall below 0 and, when the similarity is 1 to the
 * positive and 0 to the negatives, not further than 1/temperature.
 */
export function attainableGain(pairs: number, temperature: number, views = 2): number {
  return Math.min(chanceLoss(pairs, views), 1 / temperature);
}

/**
 * Share of the attainable gain below which a loss counts as chance: 0.04 nats at temperature 0.5. There, embeddings with a
 * mean similarity of 0.99 cannot gain more than 0.02 nats; runs that learn pass the limit within a few dozen steps.
 */
export const chanceShare = 0.02;
