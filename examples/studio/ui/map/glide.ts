import type { Places } from './places.js';

/** Milliseconds of a glide; the first one, out of the plain grid, is there to be watched. */
const milliseconds = 900;
const firstMilliseconds = 2200;
/** The share of a glide after which the last picture starts. */
const stagger = 0.45;

/** Places on their way from one layout to the next. */
export class Glide {
  private from: Places = new Float32Array(0);
  private to: Places = new Float32Array(0);
  private began = Number.NEGATIVE_INFINITY;
  private lasts = milliseconds;
  private isFirst = true;

  /** Where the places are, or are on the way to. */
  get goal(): Places {
    return this.to;
  }

  /** Begins at places. */
  begin(places: Places): void {
    this.from = places;
    this.to = places;
    this.began = Number.NEGATIVE_INFINITY;
    this.isFirst = true;
  }

  /** Goes to other places; at once for people who want no motion. */
  moveTo(places: Places): void {
    const now = performance.now();
    this.from = this.at(now);
    this.to = places;
    this.lasts = this.isFirst ? firstMilliseconds : milliseconds;
    this.isFirst = false;
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.began = still ? Number.NEGATIVE_INFINITY : now;
  }

  isMoving(now: number): boolean {
    return now - this.began < this.lasts;
  }

  /** The places at a time. */
  at(now: number): Places {
    const part = Math.min(1, (now - this.began) / this.lasts);
    if (part >= 1 || this.from.length !== this.to.length) return this.to;
    return this.to.map((value, i) => {
      const late = stagger * (((i >> 1) * 0.618034) % 1); // no two neighbors of the grid start together
      const own = Math.max(0, Math.min(1, (part - late) / (1 - stagger)));
      const eased = own * own * (3 - 2 * own);
      return this.from[i]! + eased * (value - this.from[i]!);
    });
  }
}
