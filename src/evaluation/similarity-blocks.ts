import { matMul, tensor2d, tidy } from '@tensorflow/tfjs-core';
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
 * All cosine similarities, block by block: products on the device, references in the outer loop, so that each goes to
 * the device once.
 *
 * @param wanted - Says of a block whether it is needed. Default: all are.
 */
export async function forEachSimilarityBlock(
  queries: UnitRows,
  references: UnitRows,
  visit: (block: SimilarityBlock) => void,
  wanted: (place: BlockPlace) => boolean = () => true,
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
        if (!wanted(place)) continue;
        const product = tidy(() =>
          matMul(tensor2d(unitBlock(queries, query, height), [height, dim]), columns),
        );
        try {
          visit({ ...place, values: await product.data<'float32'>() });
        } finally {
          product.dispose();
        }
      }
    } finally {
      columns.dispose();
    }
  }
}

// What the rows of all references may take on the host while they are gone through: 128 MiB.
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
  for (let first = 0; first < queries.rows; first += together) {
    const count = Math.min(together, queries.rows - first);
    await forEachSimilarityBlock(sliceRows(queries, first, count), references, (block) => {
      for (let row = 0; row < block.height; row++) {
        const line = block.values.subarray(row * block.width, (row + 1) * block.width);
        rows.set(line, (block.query + row) * size + block.reference);
      }
    });
    for (let row = 0; row < count; row++) visit(first + row, rows.subarray(row * size, (row + 1) * size));
  }
}
