import { randomGenerator } from '../../random/index.js';
import type { Labels } from './labels.js';

/**
 * Draws rows class by class: the first ones in a random order that depends on seed and class only.
 *
 * @param countOf - How many rows to draw from a class with `members` rows.
 * @returns Row numbers in ascending order.
 */
export function drawStratified(
  labels: Labels,
  seed: number,
  countOf: (members: number, label: number) => number,
): Uint32Array {
  const groups = new Map<number, number[]>();
  for (let row = 0; row < labels.length; row++) {
    const members = groups.get(labels[row]!);
    if (members) members.push(row);
    else groups.set(labels[row]!, [row]);
  }
  const random = randomGenerator(seed);
  const chosen: number[] = [];
  for (const [label, members] of groups) {
    const order = random.fold(label).permutation(members.length);
    for (let i = 0; i < countOf(members.length, label); i++) chosen.push(members[order[i]!]!);
  }
  return Uint32Array.from(chosen).sort();
}
