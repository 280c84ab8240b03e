/** Points to cluster. */
export interface Points {
  /** `count * dim` numbers, row-major. */
  data: Float64Array;
  count: number;
  dim: number;
}

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
 * The nearest center of each point: the one with the least |c|² - 2 x . c. Four centers at a time, whose sums stay in
 * registers.
 *
 * @returns The squared distance of each point.
 */
function assign(points: Points, centers: Float64Array, assignments: Int32Array): Float64Array {
  const { data, count, dim } = points;
  const clusters = centers.length / dim;
  const squares = Float64Array.from({ length: clusters }, (_, c) => {
    let sum = 0;
    for (let i = c * dim; i < (c + 1) * dim; i++) sum += centers[i]! ** 2;
    return sum;
  });
  const distances = new Float64Array(count);
  for (let point = 0; point < count; point++) {
    const x = point * dim;
    let least = Number.POSITIVE_INFINITY;
    let nearest = 0;
    for (let first = 0; first < clusters; first += 4) {
      // The last cluster is compared several times rather than one that is not there.
      const c1 = Math.min(first + 1, clusters - 1);
      const c2 = Math.min(first + 2, clusters - 1);
      const c3 = Math.min(first + 3, clusters - 1);
      const [p0, p1, p2, p3] = [first * dim, c1 * dim, c2 * dim, c3 * dim];
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      for (let i = 0; i < dim; i++) {
        const value = data[x + i]!;
        s0 += value * centers[p0 + i]!;
        s1 += value * centers[p1 + i]!;
        s2 += value * centers[p2 + i]!;
        s3 += value * centers[p3 + i]!;
      }
      const d0 = squares[first]! - 2 * s0;
      const d1 = squares[c1]! - 2 * s1;
      const d2 = squares[c2]! - 2 * s2;
      const d3 = squares[c3]! - 2 * s3;
      if (d0 < least) [least, nearest] = [d0, first];
      if (d1 < least) [least, nearest] = [d1, c1];
      if (d2 < least) [least, nearest] = [d2, c2];
      if (d3 < least) [least, nearest] = [d3, c3];
    }
    assignments[point] = nearest;
    distances[point] = squaredDistance(data, x, centers, nearest * dim, dim);
  }
  return distances;
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
    let total = 0;
    for (let point = 0; point < count; point++) {
      const distance = squaredDistance(data, point * dim, centers, cluster * dim, dim);
      if (distance < distances[point]!) distances[point] = distance;
      total += distances[point]!;
    }
    let left = uniform() * total;
    next = 0;
    while (next < count - 1 && left >= distances[next]!) left -= distances[next++]!;
  }
  return centers;
}

/**
 * Lloyd's k-means in double precision, from given centers, until no point changes its cluster.
 *
 * @param start - `[clusters, dim]`, at most as many clusters as points. Not changed.
 * @param rounds - The most rounds.
 * @see Lloyd 1982, "Least squares quantization in PCM".
 */
export function kMeans(points: Points, start: Float64Array, rounds: number): Clusters {
  const centers = start.slice();
  const assignments = new Int32Array(points.count);
  const inertia: number[] = [];
  const measure = () => {
    const distances = assign(points, centers, assignments);
    inertia.push(distances.reduce((sum, value) => sum + value, 0));
    return distances;
  };
  let distances = measure();
  let reseeded = 0;
  for (let round = 0; round < rounds; round++) {
    const before = assignments.slice();
    reseeded += update(points, centers, assignments, distances);
    distances = measure();
    if (assignments.every((cluster, point) => cluster === before[point])) break;
  }
  return { centers, assignments, inertia, reseeded };
}
