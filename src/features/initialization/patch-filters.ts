import { InvalidOptionError, ValueRangeError } from '../../errors/errors.js';
import { CovarianceSums } from '../../linear-algebra/covariance.js';
import { type Clusters, kMeans, spreadCenters } from '../../linear-algebra/k-means.js';
import { rowProducts, rowsOf } from '../../linear-algebra/row-products.js';
import { largestEigenpairs } from '../../linear-algebra/symmetric-eigenvectors.js';
import type { RandomGenerator } from '../../random/index.js';
import type { Patches } from './patches.js';

/** Filters from patches. */
export interface PatchFilters {
  /** `[length, filters]`, as in a kernel: every filter answers whitened patches with the same variance. */
  kernel: Float32Array;
  /** What k-means did, if it did. */
  clusters: Clusters | undefined;
}

/** Added to the variance of a patch before it is divided by its root, as a share of the mean variance. */
const contrastFloor = 0.01;

/** Added to the eigenvalues before whitening, as a share of their mean: 0.1 in Coates and Ng, at a mean of 1. */
const whiteningFloor = 0.1;

const kMeansRounds = 10;

/** Whitened patches, and the way back. */
interface Whitened {
  /** `[count, dim]`: coordinates along the eigenvectors, each divided by the root of its variance. */
  points: Float64Array;
  /** One eigenvector per row, divided alike, `[dim, length]`: maps a direction among the points to a filter. */
  basis: Float64Array;
  /** Directions in which patches vary: none for their mean, which was subtracted. */
  dim: number;
}

/** Directions with less than this share of the floor are left out: whitening leaves a tenth of their deviation. */
const leastVariance = 0.01;

/**
 * Subtracts the mean of each patch and divides by its standard deviation, so that brightness and contrast do not count.
 *
 * @throws {@link ValueRangeError} when no patch has any contrast.
 */
function normalizeContrast(caller: string, { data, count, length }: Patches): Float32Array {
  const result = Float32Array.from(data);
  const variances = new Float64Array(count);
  let squares = 0;
  for (let patch = 0; patch < count; patch++) {
    const values = result.subarray(patch * length, (patch + 1) * length);
    let mean = 0;
    for (const value of values) mean += value / length;
    for (let i = 0; i < length; i++) {
      squares += values[i]! ** 2;
      values[i] = values[i]! - mean;
      variances[patch] = variances[patch]! + values[i]! ** 2 / length;
    }
  }
  const mean = variances.reduce((sum, value) => sum + value, 0) / count;
  if (!(mean > (1e-10 * squares) / (count * length))) {
    throw new ValueRangeError(
      `${caller}: images must have contrast. Received: ${count} patches, each of one color throughout.`,
    );
  }
  for (let i = 0; i < result.length; i++) {
    result[i] = result[i]! / Math.sqrt(variances[Math.floor(i / length)]! + contrastFloor * mean);
  }
  return result;
}

function whiten(values: Float32Array, count: number, length: number): Whitened {
  const sums = new CovarianceSums(length);
  sums.add(values);
  const { mean, covariance } = sums.result();
  let trace = 0;
  for (let i = 0; i < length; i++) trace += covariance[i * length + i]!;
  const floor = (whiteningFloor * trace) / length;
  const { values: variances, vectors } = largestEigenpairs(covariance, length, length);
  const dim = variances.filter((variance) => variance > leastVariance * floor).length;
  const basis = vectors.subarray(0, dim * length).map((value, i) => {
    return value / Math.sqrt(variances[Math.floor(i / length)]! + floor);
  });
  const centered = new Float64Array(count * length);
  for (let start = 0; start < centered.length; start += length) {
    for (let i = 0; i < length; i++) centered[start + i] = values[start + i]! - mean[i]!;
  }
  const points = new Float64Array(count * dim);
  rowProducts(rowsOf(centered, count, length), rowsOf(basis, dim, length), length, points);
  return { points, basis, dim };
}

/** Directions among whitened patches: the axes, then the opposite of each, then random ones. */
function axisDirections(filters: number, dim: number, random: RandomGenerator): Float64Array {
  return Float64Array.from({ length: filters * dim }, (_, i) => {
    const [filter, k] = [Math.floor(i / dim), i % dim];
    if (filter >= 2 * dim) return random.normal();
    return filter % dim === k ? (filter < dim ? 1 : -1) : 0;
  });
}

/**
 * Filters that tell the patches of a set of pictures apart: patches of normalized contrast are whitened, and filters are
 * the centers of k-means among them, or the eigenvectors.
 *
 * @throws {@link ValueRangeError} when no patch has any contrast.
 * @throws {@link InvalidOptionError} when there are fewer patches than filters.
 * @see Coates and Ng 2011, sections 3.1 to 3.2.2, from which the floors are.
 */
export async function patchFilters(
  caller: string,
  patches: Patches,
  filters: number,
  method: 'kMeans' | 'eigenvectors',
  random: RandomGenerator,
): Promise<PatchFilters> {
  const { count, length } = patches;
  if (count < Math.max(2, filters)) {
    throw new InvalidOptionError(
      `${caller}: there must be at least as many patches as filters, ${Math.max(2, filters)}. Received: ${count} patches.`,
    );
  }
  const { points, basis, dim } = whiten(normalizeContrast(caller, patches), count, length);
  let clusters: Clusters | undefined;
  if (method === 'kMeans') {
    const all = { data: points, count, dim };
    clusters = await kMeans(
      all,
      spreadCenters(all, filters, () => random.uniform()),
      kMeansRounds,
    );
  }
  const directions = clusters?.centers ?? axisDirections(filters, dim, random);
  const kernel = new Float32Array(length * filters);
  const filter = new Float64Array(length);
  for (let f = 0; f < filters; f++) {
    const direction = directions.subarray(f * dim, (f + 1) * dim);
    // Whitened patches have equal variance along all directions: filters from unit vectors answer with that variance.
    const size = Math.sqrt(direction.reduce((sum, value) => sum + value ** 2, 0)) || 1;
    filter.fill(0);
    for (let k = 0; k < dim; k++) {
      for (let i = 0; i < length; i++) {
        filter[i] = filter[i]! + (direction[k]! / size) * basis[k * length + i]!;
      }
    }
    // The filter sees patches with their mean, which the patches here did not have.
    const mean = filter.reduce((sum, value) => sum + value, 0) / length;
    for (let i = 0; i < length; i++) kernel[i * filters + f] = filter[i]! - mean;
  }
  return { kernel, clusters };
}
