/** NT-Xent of embeddings that tell nothing apart: ln(VN - 1) for V views of N pictures. */
export function chanceLoss(pairs: number, views = 2): number {
  return Math.log(views * pairs - 1);
}

/**
 * How far below chance NT-Xent can be expected to come, in nats: not below 0; and where similarities of 1 to the
 * positive stand against 0 to the negatives, not further than 1/temperature.
 */
export function attainableGain(pairs: number, temperature: number, views = 2): number {
  return Math.min(chanceLoss(pairs, views), 1 / temperature);
}

/**
 * Share of the attainable gain below which a loss counts as chance: 0.04 nats at temperature 0.5. Embeddings whose mean
 * similarity is 0.99 cannot come further than 0.02 nats there; runs that learn pass it within a few dozen steps.
 */
export const chanceShare = 0.02;
