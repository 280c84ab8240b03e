import type { UnitRows } from './unit-rows.js';

/** Marks a row that no earlier row equals. */
const alone = -1;

function hashOf(bits: Int32Array, start: number, end: number): number {
  let hash = 0;
  for (let i = start; i < end; i++) {
    const value = bits[i]!;
    // -0 equals 0.
    hash = Math.imul(hash ^ (value === -(2 ** 31) ? 0 : value), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash;
}

/**
 * Finds equal rows: for each row of `queries` and `references`, the first row of the references with the same values. Time
 * and memory grow linearly with the rows.
 *
 * @returns Row numbers in the references; -1 without one, and for rows of zeros, which have no direction.
 */
export function firstEqualRows(
  queries: UnitRows,
  references: UnitRows,
): { queries: Int32Array; references: Int32Array } {
  const { data, dim } = references;
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * references.rows))).fill(alone);

  /** The slot of the first reference with the values of a row, or the empty slot for it. */
  const slotOf = (from: UnitRows, bits: Int32Array, row: number): number => {
    const start = row * dim;
    for (let slot = hashOf(bits, start, start + dim); ; slot++) {
      slot &= slots.length - 1;
      const other = slots[slot]! * dim;
      if (other < 0) return slot;
      let i = 0;
      while (i < dim && from.data[start + i] === data[other + i]) i++;
      if (i === dim) return slot;
    }
  };
  const bitsOf = (rows: UnitRows) => new Int32Array(rows.data.buffer, rows.data.byteOffset, rows.data.length);

  const bits = bitsOf(references);
  const own = new Int32Array(references.rows).fill(alone);
  for (let row = 0; row < references.rows; row++) {
    if (references.scales[row] === 0) continue;
    const slot = slotOf(references, bits, row);
    if (slots[slot] === alone) slots[slot] = row;
    own[row] = slots[slot]!;
  }
  if (queries === references) return { queries: own, references: own };

  const asked = bitsOf(queries);
  const found = new Int32Array(queries.rows).fill(alone);
  for (let row = 0; row < queries.rows; row++) {
    if (queries.scales[row] !== 0) found[row] = slots[slotOf(queries, asked, row)]!;
  }
  return { queries: found, references: own };
}
