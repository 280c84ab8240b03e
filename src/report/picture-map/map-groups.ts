import type { EmbeddingArray, NearestNeighbors } from '../../evaluation/embedding-evaluation.js';
import { kMeans, spreadCenters } from '../../linear-algebra/k-means.js';
import { randomGenerator } from '../../random/index.js';

/** A place on the map. */
export interface MapPoint {
  x: number;
  y: number;
}

/** A group of pictures that lie together on the map. */
export interface MapGroup {
  /** Number of pictures. */
  count: number;
  /** Its most typical pictures, the most typical first. */
  typical: number[];
  /** Its middle on the map. */
  center: MapPoint;
}

/** Typical pictures that are shown of a group. */
const mostTypical = 8;

/** Rounds of k-means; in two dimensions it ends long before. */
const rounds = 100;

/** How many groups to make of so many pictures. */
export function usualGroups(pictures: number): number {
  return Math.max(1, Math.min(24, Math.round(Math.sqrt(pictures) / 4)));
}

/** Rows by their cosine similarity with the mean of their directions, the most similar first. */
function byTypicality({ data, shape: [, dim] }: EmbeddingArray, rows: readonly number[]): number[] {
  const lengths = new Map(
    rows.map((row) => {
      let sum = 0;
      for (let i = row * dim; i < (row + 1) * dim; i++) sum += data[i]! ** 2;
      return [row, Math.sqrt(sum) || 1] as const;
    }),
  );
  const mean = new Float64Array(dim);
  for (const row of rows) {
    for (let i = 0; i < dim; i++) mean[i] = mean[i]! + data[row * dim + i]! / lengths.get(row)!;
  }
  const likeness = new Map(
    rows.map((row) => {
      let sum = 0;
      for (let i = 0; i < dim; i++) sum += mean[i]! * data[row * dim + i]!;
      return [row, sum / lengths.get(row)!] as const;
    }),
  );
  return [...rows].sort((a, b) => likeness.get(b)! - likeness.get(a)! || a - b);
}

/** Rows of which no two are of the same stack. */
function oneOfEach(rows: readonly number[], stackOf: ReadonlyMap<number, number>): number[] {
  const seen = new Set<number>();
  return rows.filter((row) => {
    const stack = stackOf.get(row);
    if (stack === undefined) return true;
    if (seen.has(stack)) return false;
    seen.add(stack);
    return true;
  });
}

/**
 * Divides pictures into groups that lie together on the map, by k-means on the map itself, so that what looks like one
 * group is one. Its typical pictures are found from the vectors.
 *
 * @param stackOf - The stack of rows that are near-duplicates: of each, one is shown at most.
 */
export async function mapGroups(
  points: readonly MapPoint[],
  vectors: EmbeddingArray,
  count: number,
  seed: number,
  stackOf: ReadonlyMap<number, number> = new Map(),
): Promise<{ groups: MapGroup[]; assignments: Int32Array }> {
  const random = randomGenerator(seed);
  const data = Float64Array.from(points.flatMap(({ x, y }) => [x, y]));
  const places = { data, count: points.length, dim: 2 };
  const start = spreadCenters(places, Math.min(count, points.length), () => random.uniform());
  const { assignments, centers } = await kMeans(places, start, rounds);
  const members = Array.from({ length: centers.length / 2 }, (): number[] => []);
  for (const [row, group] of assignments.entries()) members[group]!.push(row);
  const order = [...members.keys()]
    .filter((group) => members[group]!.length > 0)
    .sort((a, b) => members[b]!.length - members[a]!.length);
  const rank = new Map(order.map((group, i) => [group, i]));
  const groups = order.map((group) => ({
    count: members[group]!.length,
    typical: oneOfEach(byTypicality(vectors, members[group]!), stackOf).slice(0, mostTypical),
    center: { x: centers[2 * group]!, y: centers[2 * group + 1]! },
  }));
  return { groups, assignments: assignments.map((group) => rank.get(group)!) };
}

/**
 * The pictures that are least like their nearest ones: a small mean similarity with the neighbors.
 *
 * @see Angiulli and Pizzuti 2002, "Fast outlier detection in high dimensional spaces" (the sum of distances to k neighbors).
 */
export function outliers({ similarities, neighbors }: NearestNeighbors, count: number): number[] {
  const rows = similarities.length / neighbors;
  const means = Float64Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let i = row * neighbors; i < (row + 1) * neighbors; i++) sum += similarities[i]!;
    return sum / neighbors;
  });
  return [...means.keys()].sort((a, b) => means[a]! - means[b]! || a - b).slice(0, count);
}
