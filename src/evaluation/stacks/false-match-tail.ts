import type { SimilarityCounts } from './similarity-counts.js';

/** False matches at the near end: enough for a count, and more than the uncertainty of the copies. */
const fewest = 20;
const uncertainty = 4; // standard deviations of a share of changed copies

/** How many times as many there are at the far end. */
const far = 3;

/** Of the pictures that have no copy, at most this share is matched at the far end: beyond it, counts saturate. */
const saturated = 0.7;

/** Fewest false matches that say something of a slope. */
const least = 5;

/**
 * How many pictures are matched with a different one at a similarity, from how many are at lower ones, where false matches
 * outnumber the copies: they are a constant times tan(θ)^a, where θ is the angle between two rows. Measured on whitened
 * vectors of CIFAR-10, of h and of read-outs of 125 dimensions or more, this holds from a thousand pairs down to three. With
 * few dimensions they fall faster.
 *
 * @see Hill 1975, "A simple general approach to inference about the tail of a distribution".
 */
export class FalseMatchTail {
  private readonly place: number = 0;
  private readonly count: number = 0;
  private readonly exponent: number = 0;

  /**
   * @param counts - Of pictures by the similarity of the most similar other one.
   * @param copies - How many of them are copies.
   * @param recall - Share of the copies that is found at a place.
   * @param changed - Number of changed copies of which that is the share.
   * @param rows - Number of pictures.
   */
  constructor(
    private readonly counts: SimilarityCounts,
    private readonly copies: number,
    private readonly recall: (place: number) => number,
    changed: number,
    rows: number,
  ) {
    const unsure = (uncertainty * copies) / Math.sqrt(changed);
    const most = Math.min(far * Math.max(fewest, unsure), saturated * (rows - copies));
    const few = most / far;
    if (few < Math.max(least, unsure)) return;
    const [outer, inner] = [this.placeWith(most), this.placeWith(few)];
    if (outer === inner || outer === 0 || inner === counts.last) return;
    this.place = inner;
    this.count = this.beyondCopies(inner);
    this.exponent =
      Math.log(this.beyondCopies(outer) / this.count) / Math.log(this.tangent(outer) / this.tangent(inner));
  }

  /** Expected false matches at or above a place; below the near end those that are there. */
  at(place: number): number {
    if (this.exponent === 0) return 0;
    if (place <= this.place) return this.beyondCopies(place);
    return this.count * (this.tangent(place) / this.tangent(this.place)) ** this.exponent;
  }

  private tangent(place: number): number {
    const cosine = this.counts.valueOf(place);
    return Math.sqrt(1 - cosine ** 2) / cosine;
  }

  private beyondCopies(place: number): number {
    return Math.max(0, this.counts.atLeast(place) - this.copies * this.recall(place));
  }

  /** The highest place at or above which there are at least `count`; 0 where there are fewer. */
  private placeWith(count: number): number {
    let place = this.counts.last;
    while (place > 0 && this.beyondCopies(place) < count) place--;
    return place;
  }
}
