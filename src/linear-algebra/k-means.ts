import { type FindNearest, type Points, withNearest } from './nearest-centers.js';

export type { Points } from './nearest-centers.js';

/** What {@link kMeans} finds. */
export interface Clusters {
  /** `[clusters, dim]`, the means of their points. */
  centers: Float64Array;
  /** The cluster of each point. */
  assignments: Int32Array;
  /** Sum of the squared distances of points to their centers, before each round and after the last; never rises. */
  inertia: number[];
  /** How often a cluster without points was moved to the point farthest from its center. */
  reseeded: number;
}

const squaredDistance = (a: Float64Array, from: number, b: Float64Array, to: number, dim: number): number => {
  let sum = 0;
  for (let i = 0; i < dim; i++) sum += (a[from + i]! - b[to + i]!) ** 2;
  return sum;
};

/**
 * Lowers `distances` to the squared distances of points from one center, where these are less. Four points at a time,
 * because each addition to a sum waits for the one before.
 */
function lowerToDistances(
  { data, count, dim }: Points,
  centers: Float64Array,
  center: number,
  distances: Float64Array,
): void {
  const from = center * dim;
  for (let point = 0; point < count; point += 4) {
    const places = [0, 1, 2, 3].map((next) => Math.min(point + next, count - 1));
    const [p0, p1, p2, p3] = places.map((place) => place * dim) as [number, number, number, number];
    let [s0, s1, s2, s3] = [0, 0, 0, 0];
    for (let i = 0; i < dim; i++) {
      const value = centers[from + i]!;
      s0 += (data[p0 + i]! - value) ** 2;
      s1 += (data[p1 + i]! - value) ** 2;
      s2 += (data[p2 + i]! - value) ** 2;
      s3 += (data[p3 + i]! - value) ** 2;
    }
    for (const [at, sum] of [s0, s1, s2, s3].entries()) {
      const place = places[at]!;
      distances[place] = Math.min(distances[place]!, sum);
    }
  }
}

/**
 * Moves each center to the mean of its points. A cluster without points takes the point that is farthest from its
 * center, from a cluster with more than one.
 *
 * @returns How many clusters had no points.
 */
function update(points: Points, centers: Float64Array, assignments: Int32Array, distances: Float64Array) {
  const { data, count, dim } = points;
  const clusters = centers.length / dim;
  const sizes = new Int32Array(clusters);
  for (const cluster of assignments) sizes[cluster]!++;
  let empty = 0;
  for (let cluster = 0; cluster < clusters; cluster++) {
    if (sizes[cluster]! > 0) continue;
    let farthest = -1;
    for (let point = 0; point < count; point++) {
      if (sizes[assignments[point]!]! < 2) continue;
      if (farthest < 0 || distances[point]! > distances[farthest]!) farthest = point;
    }
    sizes[assignments[farthest]!]!--;
    sizes[cluster] = 1;
    assignments[farthest] = cluster;
    distances[farthest] = 0;
    empty++;
  }
  centers.fill(0);
  for (let point = 0; point < count; point++) {
    const [from, to] = [point * dim, assignments[point]! * dim];
    for (let i = 0; i < dim; i++) centers[to + i] = centers[to + i]! + data[from + i]!;
  }
  for (let i = 0; i < centers.length; i++) centers[i] = centers[i]! / sizes[Math.floor(i / dim)]!;
  return empty;
}

/**
 * Starting centers by k-means++: points drawn with probability proportional to their squared distance from the nearest
 * center so far.
 *
 * @param uniform - Draws from [0, 1).
 * @see Arthur and Vassilvitskii 2007, "k-means++: the advantages of careful seeding".
 */
export function spreadCenters(points: Points, clusters: number, uniform: () => number): Float64Array {
  const { data, count, dim } = points;
  const centers = new Float64Array(clusters * dim);
  const distances = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  let next = Math.floor(uniform() * count);
  for (let cluster = 0; cluster < clusters; cluster++) {
    centers.set(data.subarray(next * dim, (next + 1) * dim), cluster * dim);
    lowerToDistances(points, centers, cluster, distances);
    const total = distances.reduce((sum, distance) => sum + distance, 0);
    let left = uniform() * total;
    next = 0;
    while (next < count - 1 && left >= distances[next]!) left -= distances[next++]!;
  }
  return centers;
}

/**
 * Lloyd's k-means in double precision, from given centers, until no point changes its cluster. Finds nearest centers on the
 * backend where that is faster; the result is the same on all of them.
 *
 * @param start - `[clusters, dim]`, at most as many clusters as points. Not changed.
 * @param rounds - The most rounds.
 * @see Lloyd 1982, "Least squares quantization in PCM".
 */
export function kMeans(points: Points, start: Float64Array, rounds: number): Promise<Clusters> {
  return withNearest(points, start, (find) => iterate(points, start.slice(), rounds, find));
}

async function iterate(
  points: Points,
  centers: Float64Array,
  rounds: number,
  find: FindNearest,
): Promise<Clusters> {
  const { data, count, dim } = points;
  const assignments = new Int32Array(count);
  const inertia: number[] = [];
  const measure = async () => {
    await find(centers, assignments);
    const distances = new Float64Array(count);
    for (const [point, cluster] of assignments.entries()) {
      distances[point] = squaredDistance(data, point * dim, centers, cluster * dim, dim);
    }
    inertia.push(distances.reduce((sum, value) => sum + value, 0));
    return distances;
  };
  let distances = await measure();
  let reseeded = 0;
  for (let round = 0; round < rounds; round++) {
    const before = assignments.slice();
    reseeded += update(points, centers, assignments, distances);
    distances = await measure();
    if (assignments.every((cluster, point) => cluster === before[point])) break;
  }
  return { centers, assignments, inertia, reseeded };
}
