import { mean } from '../../statistics.js';

/** A share as a percentage, without the sign. */
export const percent = (share: number) => (100 * share).toFixed(1);

/** The mean of shares, and the lowest and the highest where there are several. */
export function meanPercent(shares: readonly number[]): string {
  const center = percent(mean(shares));
  if (shares.length === 1) return center;
  return `${center} (${percent(Math.min(...shares))} to ${percent(Math.max(...shares))})`;
}
