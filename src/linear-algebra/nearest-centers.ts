import { matMul, type Tensor2D, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { rowProducts, rowsOf } from './row-products.js';

/** Points to cluster. */
export interface Points {
  /** `count * dim` numbers, row-major. */
  data: Float64Array;
  count: number;
  dim: number;
}

/** Writes the nearest center of each point: the one with the least |c|² - 2 x . c, the first of equal ones. */
export type FindNearest = (centers: Float64Array, nearest: Int32Array) => void | Promise<void>;

/** Points whose products with all centers are made at a time, so that these stay in the cache. */
const blockLength = 64;

/** Fewer multiplications take milliseconds. */
const fewest = 2 ** 24;

/** Points that both ways are tried with. */
const tried = 1024;

/** Every so many points, products of the backend are compared with those in double precision. */
const checkEvery = 500;

function squaresOf(rows: Float64Array, dim: number): Float64Array {
  const squares = new Float64Array(rows.length / dim);
  for (let i = 0; i < rows.length; i++) squares[Math.floor(i / dim)]! += rows[i]! ** 2;
  return squares;
}

function dot(a: Float64Array, from: number, b: Float64Array, to: number, dim: number): number {
  let sum = 0;
  for (let i = 0; i < dim; i++) sum += a[from + i]! * b[to + i]!;
  return sum;
}

/** In double precision, on the host. */
export function nearestOnHost({ data, count, dim }: Points): FindNearest {
  return (centers, nearest) => {
    const squares = squaresOf(centers, dim);
    const clusters = squares.length;
    const products = new Float64Array(blockLength * clusters);
    for (let first = 0; first < count; first += blockLength) {
      const length = Math.min(blockLength, count - first);
      rowProducts(rowsOf(data, length, dim, first), rowsOf(centers, clusters, dim), dim, products);
      for (let row = 0; row < length; row++) {
        let least = Number.POSITIVE_INFINITY;
        for (let cluster = 0; cluster < clusters; cluster++) {
          const distance = squares[cluster]! - 2 * products[row * clusters + cluster]!;
          if (distance < least) [least, nearest[first + row]] = [distance, cluster];
        }
      }
    }
  };
}

/** Points in single precision, `[count, dim]`. */
const onBackend = ({ data, count, dim }: Points): Tensor2D =>
  tensor2d(Float32Array.from(data.subarray(0, count * dim)), [count, dim]);

/** The product of each point with each center, `[points, clusters]`, in single precision. */
type Products = (centers: Float64Array) => Promise<Float32Array>;

export function productsOnBackend(points: Tensor2D): Products {
  return async (centers) => {
    const dim = points.shape[1];
    const products = tidy(() => {
      const others = tensor2d(Float32Array.from(centers), [centers.length / dim, dim]);
      return matMul(points, others, false, true);
    });
    try {
      return await products.data<'float32'>();
    } finally {
      products.dispose();
    }
  };
}

/**
 * The same centers as on the host, by products in single precision. Where its rounding errors could change which center is
 * the nearest, double precision decides. Products that are less precise are noticed, and the host takes over.
 */
export function nearestByProducts(points: Points, multiply: Products): FindNearest {
  const { data, count, dim } = points;
  const lengths = squaresOf(data, dim).map(Math.sqrt);
  const onHost = nearestOnHost(points);
  // Of a sum of `dim` products, and of the numbers that are multiplied (Higham 2002, section 3.1), and as much again.
  const rounding = 2 * (dim + 2) * 2 ** -24;
  let isPrecise = true;
  return async (centers, nearest) => {
    const squares = squaresOf(centers, dim);
    const clusters = squares.length;
    const longest = Math.sqrt(squares.reduce((max, value) => Math.max(max, value), 0));
    const products = isPrecise ? await multiply(centers) : new Float32Array(0);
    for (let point = 0; isPrecise && point < count; point++) {
      const error = rounding * lengths[point]! * longest;
      const row = point * clusters;
      const exactly = (cluster: number) => dot(data, point * dim, centers, cluster * dim, dim);
      if (point % checkEvery === 0) {
        for (let cluster = 0; cluster < clusters; cluster++) {
          isPrecise &&= Math.abs(products[row + cluster]! - exactly(cluster)) <= error;
        }
      }
      let least = Number.POSITIVE_INFINITY;
      let second = Number.POSITIVE_INFINITY;
      for (let cluster = 0; cluster < clusters; cluster++) {
        const distance = squares[cluster]! - 2 * products[row + cluster]!;
        if (distance < least) {
          second = least;
          least = distance;
          nearest[point] = cluster;
        } else if (distance < second) second = distance;
      }
      if (second - least > 4 * error) continue;
      const bound = least + 4 * error;
      least = Number.POSITIVE_INFINITY;
      for (let cluster = 0; cluster < clusters; cluster++) {
        if (squares[cluster]! - 2 * products[row + cluster]! > bound) continue;
        const distance = squares[cluster]! - 2 * exactly(cluster);
        if (distance < least) [least, nearest[point]] = [distance, cluster];
      }
    }
    if (!isPrecise) onHost(centers, nearest);
  };
}

async function secondsOf(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Whether the backend multiplies faster than the host: some points are tried both ways. */
async function isBackendFaster(points: Points, centers: Float64Array): Promise<boolean> {
  const some = { ...points, count: tried };
  const rows = onBackend(some);
  try {
    const [there, here] = [nearestByProducts(some, productsOnBackend(rows)), nearestOnHost(some)];
    const found = new Int32Array(tried);
    await there(centers, found); // compiles what it needs
    return (await secondsOf(() => there(centers, found))) < (await secondsOf(() => here(centers, found)));
  } finally {
    rows.dispose();
  }
}

/**
 * Calls `use` with what finds nearest centers fastest: on the host, or where the backend multiplies faster, there. Both find
 * the same.
 *
 * @param centers - As many as will be asked for.
 */
export async function withNearest<T>(
  points: Points,
  centers: Float64Array,
  use: (find: FindNearest) => Promise<T>,
): Promise<T> {
  const isLarge = points.count >= tried && points.count * centers.length >= fewest;
  if (!isLarge || !(await isBackendFaster(points, centers))) return use(nearestOnHost(points));
  const rows = onBackend(points);
  try {
    return await use(nearestByProducts(points, productsOnBackend(rows)));
  } finally {
    rows.dispose();
  }
}
