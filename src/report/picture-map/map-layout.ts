import type { EmbeddingArray, NearestNeighbors } from '../../evaluation/embedding-evaluation.js';
import { importOptional } from '../../node/backends/optional-package.js';
import { randomGenerator } from '../../random/index.js';
import type { MapPoint } from './map-groups.js';

/** Neighbors of each picture that the layout keeps near, itself among them: UMAP's default. */
export const layoutNeighbors = 15;

/**
 * Lays out pictures in a plane by UMAP, from neighbors that are known.
 *
 * @param nearest - Of each row the nearest others, nearest first.
 * @returns x and y of each row from 0 to 1, with the same scale on both axes and the middle at 0.5; and how wide and high
 * the layout is, the longer of both 1.
 */
export async function mapLayout(
  caller: string,
  { shape: [rows] }: EmbeddingArray,
  { indices, similarities, neighbors }: NearestNeighbors,
  seed: number,
  onEpoch: (done: number, total: number) => void,
): Promise<{ points: MapPoint[]; width: number; height: number }> {
  const { UMAP } = await importOptional(caller, 'umap-js', () => import('umap-js'));
  const random = randomGenerator(seed);
  const umap = new UMAP({
    nNeighbors: neighbors + 1,
    minDist: 0.3,
    spread: 1,
    random: () => random.uniform(),
  });
  const line = (row: number) => [...Array(neighbors).keys()].map((i) => row * neighbors + i);
  // Distances of unit vectors, each row first at its own.
  umap.setPrecomputedKNN(
    Array.from({ length: rows }, (_, row) => [row, ...line(row).map((i) => indices[i]!)]),
    Array.from({ length: rows }, (_, row) => [
      0,
      ...line(row).map((i) => Math.sqrt(Math.max(0, 2 - 2 * similarities[i]!))),
    ]),
  );
  // The neighbors are given, so that the rows are only counted.
  const epochs = umap.initializeFit(Array.from({ length: rows }, () => [0]));
  for (let epoch = 0; epoch < epochs; epoch++) {
    umap.step();
    if (epoch % 10 !== 0) continue;
    onEpoch(epoch, epochs);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return scaled(umap.getEmbedding() as [number, number][]);
}

/** Scales points to the unit square. */
function scaled(raw: readonly (readonly [number, number])[]): {
  points: MapPoint[];
  width: number;
  height: number;
} {
  const range = (axis: 0 | 1) => {
    const values = raw.map((point) => point[axis]).sort((a, b) => a - b);
    return { low: values[0]!, high: values.at(-1)! };
  };
  const [across, down] = [range(0), range(1)];
  const span = Math.max(across.high - across.low, down.high - down.low) || 1;
  const place = (value: number, { low, high }: { low: number; high: number }) =>
    0.5 + (value - (low + high) / 2) / span;
  return {
    points: raw.map(([x, y]) => ({ x: place(x, across), y: place(y, down) })),
    width: (across.high - across.low) / span,
    height: (down.high - down.low) / span,
  };
}
