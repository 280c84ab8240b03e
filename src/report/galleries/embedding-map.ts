import type { EmbeddingArray } from '../../evaluation/embedding-evaluation.js';
import { importOptional } from '../../node/backends/optional-package.js';
import { randomGenerator } from '../../random/index.js';
import { reportPackages } from '../charts/chart.js';

/** Rows of length 1, so that their distances follow cosine similarity. */
function unitRows({ data, shape: [rows, dim] }: EmbeddingArray): number[][] {
  return Array.from({ length: rows }, (_, row) => {
    const values = Array.from(data.subarray(row * dim, (row + 1) * dim));
    const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0)) || 1;
    return values.map((value) => value / length);
  });
}

/**
 * Computes a two-dimensional layout by UMAP, the same for the same embeddings and seed.
 *
 * @returns x and y of each row in [0, 1], with the same scale on both axes.
 */
export async function layout(embeddings: EmbeddingArray, seed: number): Promise<{ x: number; y: number }[]> {
  const { UMAP } = await importOptional('writeReport', 'umap-js', () => import('umap-js'), reportPackages);
  const random = randomGenerator(seed);
  const umap = new UMAP({
    nNeighbors: Math.min(15, embeddings.shape[0] - 1),
    minDist: 0.5,
    spread: 1.5,
    random: () => random.uniform(),
  });
  const points = umap.fit(unitRows(embeddings)) as [number, number][];
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const span = Math.max(right - left, bottom - top) || 1;
  return points.map(([x, y]) => ({
    x: 0.5 + (x - (left + right) / 2) / span,
    y: 0.5 + (y - (top + bottom) / 2) / span,
  }));
}
