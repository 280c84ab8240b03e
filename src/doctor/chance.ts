/** NT-Xent of embeddings that tell nothing apart: ln(2N - 1) for N pairs. */
export function chanceLoss(pairs: number): number {
  return Math.log(2 * pairs - 1);
}

/**
 * How far below chance NT-Xent can be expected to come, in nats: not below 0; and where similarities of 1 to the
 * positive stand against 0 to the negatives, not further than 1/temperature.
 */
export function attainableGain(pairs: number, temperature: number): number {
  return Math.min(chanceLoss(pairs), 1 / temperature);
}

/**
 * Share of the attainable gain below which a loss counts as chance: 0.04 nats at temperature 0.5. Embeddings whose mean
 * similarity is 0.99 cannot come further than 0.02 nats there; runs that learn pass it within a few dozen steps.
 */
export const chanceShare = 0.02;
