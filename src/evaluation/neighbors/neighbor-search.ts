import { matMul, type Tensor2D, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { SimCLRError } from '../../errors/errors.js';
import { checkSameDim, type Embeddings, readEmbeddings } from '../embeddings.js';
import { transposedUnitBlock, type UnitRows, unitBlock, unitRows } from '../linear-algebra/unit-rows.js';
import { checkNeighbors, insertNeighbor, type NearestNeighbors } from './nearest-neighbors.js';

/** References that stay on the backend, for one search after the other; {@link neighborSearch} makes it. */
export interface NeighborSearch {
  /**
   * Finds the references with the highest cosine similarity to each query, as `nearestNeighbors` does.
   *
   * @param queries - Shape `[q, d]`, not necessarily normalized.
   * @param neighbors - Neighbors per query, from 1 to the number of references.
   * @throws What `nearestNeighbors` throws, and `SimCLRError` after `dispose`.
   */
  search(queries: Embeddings, neighbors: number): Promise<NearestNeighbors>;
  /** Removes the references from the backend. A second call does nothing. */
  dispose(): void;
}

/** References per block: a block of 512 numbers each is 32 MiB. */
const blockRows = 16_384;

/** Queries per product: of a block, at most 16 million similarities. */
const queryRows = 1024;

/** So few queries are multiplied one by one: as products of rows with a vector, which read the references only once. */
const fewQueries = 4;

/** By rounding, the similarity of equal rows is a little below or above 1. */
const nearlyEqual = 1 - 1e-5;

function isEqual(a: UnitRows, rowA: number, b: UnitRows, rowB: number): boolean {
  const [startA, startB] = [rowA * a.dim, rowB * b.dim];
  for (let i = 0; i < a.dim; i++) if (a.data[startA + i] !== b.data[startB + i]) return false;
  return true;
}

/**
 * Products of a block with some queries: `[width, count]`. Backends are fastest when nothing is transposed on the device,
 * and the queries are the smaller of both.
 */
function multiply(queries: UnitRows, first: number, count: number, block: Tensor2D): Tensor2D {
  return tidy(() =>
    matMul(block, tensor2d(transposedUnitBlock(queries, first, count), [queries.dim, count])),
  );
}

/**
 * Prepares the exact search for nearest neighbors among the same references, one search after the other: they are scaled
 * to length 1, and stay on the active backend. `nearestNeighbors` prepares them at each call.
 *
 * Memory is that of the references, once on the backend, besides the given ones, which are kept by reference.
 *
 * @param references - Shape `[n, d]`, not necessarily normalized. A row of zeros has similarity 0 with every row.
 * @returns The search. Dispose of it with `search.dispose()`.
 * @throws {@link ShapeError} unless they are a float32 matrix with at least one row.
 * @throws {@link ValueRangeError} when a value is NaN or infinite.
 * @example
 * const references = { data: Float32Array.of(0, 1, 2, 0), shape: [2, 2] } as const;
 * const search = await neighborSearch(references);
 * const { indices } = await search.search({ data: Float32Array.of(1, 0.1), shape: [1, 2] }, 1); // Int32Array [1]
 * search.dispose();
 */
export async function neighborSearch(references: Embeddings): Promise<NeighborSearch> {
  const caller = 'neighborSearch';
  const matrix = await readEmbeddings(caller, 'references', references);
  const among = unitRows(matrix);
  const blocks: Tensor2D[] = [];
  let disposed = false;
  const dispose = () => {
    if (!disposed) for (const block of blocks) block.dispose();
    disposed = true;
  };
  try {
    for (let first = 0; first < among.rows; first += blockRows) {
      const width = Math.min(blockRows, among.rows - first);
      blocks.push(tensor2d(unitBlock(among, first, width), [width, among.dim]));
    }
  } catch (error) {
    dispose();
    throw error;
  }

  async function search(queries: Embeddings, neighbors: number): Promise<NearestNeighbors> {
    const name = 'NeighborSearch.search';
    const checkUsable = () => {
      if (!disposed) return;
      throw new SimCLRError(`${name}: the search must not be disposed. Received: a call after dispose.`);
    };
    checkUsable();
    const asked = await readEmbeddings(name, 'queries', queries);
    checkSameDim(name, 'queries', asked, 'references', matrix);
    checkNeighbors(name, neighbors, among.rows);
    const from = unitRows(asked);
    const together = from.rows <= fewQueries ? 1 : queryRows;
    const similarities = new Float32Array(from.rows * neighbors).fill(Number.NEGATIVE_INFINITY);
    const indices = new Int32Array(from.rows * neighbors).fill(-1);
    for (const [number, block] of blocks.entries()) {
      const first = number * blockRows;
      for (let query = 0; query < from.rows; query += together) {
        const count = Math.min(together, from.rows - query);
        checkUsable();
        const product = multiply(from, query, count, block);
        const values = await product.data<'float32'>().finally(() => product.dispose());
        for (let i = 0; i < values.length; i++) {
          const asking = query + (i % count);
          const reference = first + Math.floor(i / count);
          let value = values[i]!;
          if (value > nearlyEqual && (value > 1 || isEqual(from, asking, among, reference))) value = 1;
          const start = asking * neighbors;
          if (!(value > similarities[start + neighbors - 1]!)) continue;
          insertNeighbor(Math.max(-1, value), reference, similarities, indices, start, neighbors);
        }
      }
    }
    return { indices, similarities, neighbors };
  }
  return { search, dispose };
}
