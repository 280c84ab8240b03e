import { matMul, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { firstEqualRows } from './equal-rows.js';
import { sliceRows, transposedUnitBlock, type UnitRows, unitBlock } from './unit-rows.js';

// One block of similarities is at most 4 million floats (16 MiB), whatever the number of rows.
const queryBlock = 1024;
const referenceBlock = 4096;

/** Some queries and some references. */
export interface BlockPlace {
  /** The first query. */
  query: number;
  /** How many queries. */
  height: number;
  /** The first reference. */
  reference: number;
  /** How many references. */
  width: number;
}

/** Cosine similarities of some queries with some references. */
export interface SimilarityBlock extends BlockPlace {
  /** `[height, width]`, row-major. Valid during the call only; may be changed. */
  values: Float32Array;
}

/**
 * Clamps products to cosines: by rounding, that of a vector with itself is a little above or below 1.
 *
 * @param equal - What {@link firstEqualRows} found.
 */
function toCosines(
  { values, query, height, reference, width }: SimilarityBlock,
  equal: ReturnType<typeof firstEqualRows>,
): void {
  for (let row = 0; row < height; row++) {
    const first = equal.queries[query + row]!;
    for (let column = 0; column < width; column++) {
      const i = row * width + column;
      const value = values[i]!;
      if (value > 1 || (first >= 0 && equal.references[reference + column] === first)) values[i] = 1;
      else if (value < -1) values[i] = -1;
    }
  }
}

/**
 * All cosine similarities, block by block: products on the device, references in the outer loop, so that each goes to
 * the device once. They are from -1 to 1, and exactly 1 between rows with the same values.
 *
 * @param isNeeded - Says of a block whether it is needed. Default: all are.
 * @param equal - The rows with the same values, where they are known.
 */
export async function forEachSimilarityBlock(
  queries: UnitRows,
  references: UnitRows,
  visit: (block: SimilarityBlock) => void,
  isNeeded: (place: BlockPlace) => boolean = () => true,
  equal = firstEqualRows(queries, references),
): Promise<void> {
  const { dim } = queries;
  for (let reference = 0; reference < references.rows; reference += referenceBlock) {
    const width = Math.min(referenceBlock, references.rows - reference);
    // Transposed on the host: backends have their fast matrix product only for operands that are not transposed.
    const columns = tensor2d(transposedUnitBlock(references, reference, width), [dim, width]);
    try {
      for (let query = 0; query < queries.rows; query += queryBlock) {
        const height = Math.min(queryBlock, queries.rows - query);
        const place = { query, height, reference, width };
        if (!isNeeded(place)) continue;
        const product = tidy(() =>
          matMul(tensor2d(unitBlock(queries, query, height), [height, dim]), columns),
        );
        try {
          const block = { ...place, values: await product.data<'float32'>() };
          toCosines(block, equal);
          visit(block);
        } finally {
          product.dispose();
        }
      }
    } finally {
      columns.dispose();
    }
  }
}

/**
 * The cosine similarities of each pair of different rows once.
 *
 * @param visit - Called with a row and its similarities with rows `first`, `first + 1`, ..., which all come after it; for a
 * row several times, with other rows. The similarities are valid during the call only.
 */
export async function forEachLaterRows(
  rows: UnitRows,
  visit: (row: number, first: number, similarities: Float32Array) => void,
): Promise<void> {
  const visitBlock = ({ values, query, height, reference, width }: SimilarityBlock) => {
    for (let row = 0; row < height; row++) {
      const skipped = Math.max(0, query + row + 1 - reference);
      if (skipped >= width) continue;
      const similarities = values.subarray(row * width + skipped, (row + 1) * width);
      visit(query + row, reference + skipped, similarities);
    }
  };
  const hasPairs = ({ query, reference, width }: BlockPlace) => reference + width - 1 > query;
  await forEachSimilarityBlock(rows, rows, visitBlock, hasPairs);
}

// Memory limit on the host for rows of all references: 128 MiB.
const rowBudget = 32 * 2 ** 20;

/**
 * Each query's similarities with all references at once, in the order of the queries.
 *
 * @param visit - Called with a row that is valid during the call only.
 */
export async function forEachSimilarityRow(
  queries: UnitRows,
  references: UnitRows,
  visit: (query: number, similarities: Float32Array) => void,
): Promise<void> {
  const size = references.rows;
  const together = Math.max(1, Math.min(queries.rows, Math.floor(rowBudget / size)));
  const rows = new Float32Array(together * size);
  const equal = firstEqualRows(queries, references);
  for (let first = 0; first < queries.rows; first += together) {
    const count = Math.min(together, queries.rows - first);
    const copy = (block: SimilarityBlock) => {
      for (let row = 0; row < block.height; row++) {
        const line = block.values.subarray(row * block.width, (row + 1) * block.width);
        rows.set(line, (block.query + row) * size + block.reference);
      }
    };
    await forEachSimilarityBlock(sliceRows(queries, first, count), references, copy, undefined, {
      ...equal,
      queries: equal.queries.subarray(first, first + count),
    });
    for (let row = 0; row < count; row++) visit(first + row, rows.subarray(row * size, (row + 1) * size));
  }
}
