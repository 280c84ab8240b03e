import type { Labels } from './labels.js';

/** Number of pictures in the smallest class. */
export function smallestClass(labels: Labels): number {
  const counts = new Map<number, number>();
  for (const label of Array.from(labels)) counts.set(label, (counts.get(label) ?? 0) + 1);
  return Math.min(...counts.values());
}
