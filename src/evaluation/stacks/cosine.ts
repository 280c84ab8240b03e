import type { UnitRows } from '../linear-algebra/unit-rows.js';

/** By rounding, the cosine of equal rows is a little below or above 1. */
const nearlyEqual = 1 - 1e-6;

/** Cosine similarity of two rows, in double precision; exactly 1 where they have the same values. */
export function cosine(a: UnitRows, rowA: number, b: UnitRows, rowB: number): number {
  const { dim } = a;
  const [startA, startB] = [rowA * dim, rowB * dim];
  let sum = 0;
  for (let i = 0; i < dim; i++) sum += a.data[startA + i]! * b.data[startB + i]!;
  const value = sum * a.scales[rowA]! * b.scales[rowB]!;
  if (value <= nearlyEqual) return Math.max(-1, value);
  for (let i = 0; i < dim; i++) if (a.data[startA + i] !== b.data[startB + i]) return Math.min(1, value);
  return 1;
}
