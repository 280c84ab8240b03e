/**
 * The `q` quantile of the numbers, with linear interpolation.
 *
 * @param values - One or more.
 * @param q - From 0 to 1.
 */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * q;
  const below = sorted[Math.floor(position)]!;
  const above = sorted[Math.ceil(position)]!;
  return below + (above - below) * (position - Math.floor(position));
}

/** The arithmetic mean. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The median. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** First and third quartile: half of the numbers lie between them. */
export function quartiles(values: readonly number[]): [number, number] {
  return [quantile(values, 0.25), quantile(values, 0.75)];
}

/** The least-squares slope through points `[x, y]`. Two or more points of different x. */
export function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (axis: 0 | 1) => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  let [products, squares] = [0, 0];
  for (const point of points) {
    products += (point[0] - x) * (point[1] - y);
    squares += (point[0] - x) ** 2;
  }
  return products / squares;
}
