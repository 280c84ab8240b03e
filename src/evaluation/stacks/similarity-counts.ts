/** Places per unit of similarity. Fine enough for plain representations, of which all are above 0.9. */
const resolution = 2 ** 16;

/** Counts of similarities from 0 to 1 by places of equal width. The last place holds those of exactly 1. */
export class SimilarityCounts {
  /** The last place. */
  readonly last = resolution;
  /** How many lie in each place or above it. */
  private readonly sums = new Float64Array(resolution + 1);

  /** @param values - Those below 0 are left out. */
  constructor(values: Float32Array) {
    const { sums } = this;
    for (const value of values) if (value >= 0) sums[this.placeOf(value)]!++;
    for (let place = resolution - 1; place >= 0; place--) sums[place] = sums[place]! + sums[place + 1]!;
  }

  /** How many lie in a place or above it. */
  atLeast(place: number): number {
    return this.sums[place]!;
  }

  /** The place of a similarity from 0 to 1. */
  placeOf(value: number): number {
    return Math.floor(value * resolution);
  }

  /** The lowest similarity of a place. */
  valueOf(place: number): number {
    return place / resolution;
  }
}
