import { backend, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { releaseTape } from '../../backend/tape.js';
import { messageOf } from '../../errors/is-error.js';
import { largestDifference } from '../../tensors/largest-difference.js';
import { knownOperations } from './known-operations.js';
import type { Needs } from './observe.js';

/** A value that the active backend computes wrongly. */
export interface WrongValue {
  /** What was computed: `'conv2d'`, `'the gradient of conv2d for filter'`. */
  operation: string;
  /** What it gave. */
  received: number;
  /** What is right. */
  expected: number;
  /** What the backend said, where it gave no value but failed. */
  reason?: string;
}

/** Largest error of a value, as a share of the largest value of its operation: what shaders with fast roots keep. */
const tolerance = 1e-3;

/**
 * Computes small operations and their gradients, and compares them with the right values. What fails for want of a
 * kernel is noted in `needs`; what fails otherwise counts as wrong.
 */
export async function probeValues(needs: Needs): Promise<WrongValue[]> {
  const failed: WrongValue[] = [];
  const computed: { name: string; values: Tensor; expected: readonly number[] }[] = [];
  for (const { name, compute, expected } of knownOperations) {
    try {
      const results = needs.observe(() => {
        const made: ReturnType<typeof compute> = [];
        tidy(() => {
          made.push(...compute());
          return made.map(({ values }) => values);
        });
        return made;
      });
      computed.push(...results.map((result, index) => ({ ...result, expected: expected[index]! })));
    } catch (error) {
      releaseTape();
      if (needs.lack) continue;
      const reason = messageOf(error);
      failed.push({ operation: name, received: Number.NaN, expected: expected[0]![0]!, reason });
    }
  }
  try {
    const found = await Promise.all(
      computed.map(async ({ name, values, expected }) => compare(name, await values.data(), expected)),
    );
    return [...failed, ...found.filter((wrong) => wrong !== undefined)];
  } finally {
    for (const { values } of computed) values.dispose();
  }
}

/** The value that is farthest off, where it is too far. */
function compare(
  operation: string,
  values: ArrayLike<number>,
  expected: readonly number[],
): WrongValue | undefined {
  const { index, error, scale } = largestDifference(values, expected);
  const allowed = (backend().floatPrecision() === 16 ? 10 : 1) * tolerance * scale;
  if (error <= allowed) return undefined;
  return { operation, received: values[index]!, expected: expected[index]! };
}
