import { matMul, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { spreadRows } from '../../data/spread-rows.js';
import { gatherUnits, transposedUnitBlock, type UnitRows, unitBlock } from '../linear-algebra/unit-rows.js';
import type { SelectionProblem } from './farthest-points.js';

/** Rows whose coverage is measured. Of more candidates as many are taken, evenly spread. */
const mostReferences = 4096;

/** Candidates per product: with the references, at most 4 million similarities. */
const blockRows = 1024;

/** Candidates whose gain is computed again at once. */
const together = 64;

/** Allowed rows with the highest bounds, highest first; of equal ones the lower row. */
function highestBounds(bounds: Float64Array, isWanted: (row: number) => boolean): number[] {
  const highest: number[] = [];
  for (let row = 0; row < bounds.length; row++) {
    const bound = bounds[row]!;
    if (highest.length === together && !(bound > bounds[highest.at(-1)!]!)) continue;
    if (!isWanted(row)) continue;
    let place = highest.length;
    while (place > 0 && bounds[highest[place - 1]!]! < bound) place--;
    highest.splice(place, 0, row);
    if (highest.length > together) highest.pop();
  }
  return highest;
}

/**
 * Takes, again and again, the row that adds most to the coverage: the sum over the references of the similarity with their
 * most similar row among those taken, where similarities below 0 count as 0. A row's gain never rises, so that only rows
 * whose last known gain is still above the best one are measured again.
 *
 * @param weights - How much each candidate's coverage counts. Left out, all count alike.
 * @see Nemhauser, Wolsey and Fisher 1978, "An analysis of approximations for maximizing submodular set functions": at
 *   least 1 - 1/e of the best coverage. Minoux 1978, "Accelerated greedy algorithms" (the bounds).
 */
export async function facilityLocation(
  { candidates, count, turns, before }: SelectionProblem,
  weights?: ArrayLike<number>,
): Promise<number[]> {
  const { rows, dim } = candidates;
  const places = spreadRows(rows, mostReferences);
  const references: UnitRows = gatherUnits(candidates, places);
  const size = places.length;
  const covered = new Float64Array(size);
  const columns = tensor2d(transposedUnitBlock(references, 0, size), [dim, size]);
  const similarities = async (block: Float32Array): Promise<Float32Array> => {
    const product = tidy(() => matMul(tensor2d(block, [block.length / dim, dim]), columns));
    return product.data<'float32'>().finally(() => product.dispose());
  };
  const gainOf = (values: Float32Array, row: number): number => {
    let gain = 0;
    for (let i = 0; i < size; i++) {
      const more = values[row * size + i]! - covered[i]!;
      if (more > 0) gain += weights ? weights[places[i]!]! * more : more;
    }
    return gain;
  };
  const cover = (values: Float32Array) => {
    for (let i = 0; i < values.length; i++) {
      covered[i % size] = Math.max(covered[i % size]!, values[i]!);
    }
  };

  try {
    for (let first = 0; first < (before?.rows ?? 0); first += blockRows) {
      cover(await similarities(unitBlock(before!, first, Math.min(blockRows, before!.rows - first))));
    }
    const bounds = new Float64Array(rows);
    for (let first = 0; first < rows; first += blockRows) {
      const height = Math.min(blockRows, rows - first);
      const values = await similarities(unitBlock(candidates, first, height));
      for (let row = 0; row < height; row++) bounds[first + row] = gainOf(values, row);
    }
    // The number of rows that were taken when the gain was last computed.
    const measuredAt = new Int32Array(rows);
    const chosen: number[] = [];
    while (chosen.length < count) {
      const round = chosen.length;
      const highest = highestBounds(bounds, (row) => turns.allows(row));
      if (measuredAt[highest[0]!] !== round) {
        const stale = highest.filter((row) => measuredAt[row] !== round);
        const values = await similarities(unitBlock(gatherUnits(candidates, stale), 0, stale.length));
        for (const [i, row] of stale.entries()) {
          bounds[row] = gainOf(values, i);
          measuredAt[row] = round;
        }
        continue;
      }
      const next = highest[0]!;
      turns.take(next);
      chosen.push(next);
      cover(await similarities(unitBlock(candidates, next, 1)));
    }
    return chosen;
  } finally {
    columns.dispose();
  }
}
