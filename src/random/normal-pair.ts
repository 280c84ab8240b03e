/** Steps of a turn of 2^24 in an eighth of it. */
const octantSteps = 2 ** 21;

// Taylor's series, for angles up to a quarter of pi as exact as float64 is. An engine's own functions first reduce angles of
// any size, which takes most of the time for a network's millions of weights.

function sine(x: number): number {
  const y = x * x;
  const upper = 1 / 362_880 + y * (-1 / 39_916_800 + y * (1 / 6_227_020_800 - y / 1_307_674_368_000));
  return x + x * y * (-1 / 6 + y * (1 / 120 + y * (-1 / 5040 + y * upper)));
}

function cosine(x: number): number {
  const y = x * x;
  const upper =
    1 / 40_320 +
    y * (-1 / 3_628_800 + y * (1 / 479_001_600 + y * (-1 / 87_178_291_200 + y / 20_922_789_888_000)));
  return 1 + y * (-1 / 2 + y * (1 / 24 + y * (-1 / 720 + y * upper)));
}

/**
 * Two independent draws from the standard normal distribution for two random words (Box-Muller). As float32 they are those of
 * `Math.cos` and `Math.sin`.
 */
export function normalPair(word: number, other: number): [number, number] {
  const radius = Math.sqrt(-2 * Math.log(1 - (word >>> 8) / 2 ** 24));
  const turn = other >>> 8;
  const octant = turn >>> 21;
  const part = turn & (octantSteps - 1);
  // The angle to the nearer axis. Beyond the diagonals sine and cosine change places.
  const angle = (Math.PI / 4 / octantSteps) * (octant & 1 ? octantSteps - part : part);
  const [near, far] = [cosine(angle), sine(angle)];
  const isSteep = octant === 1 || octant === 2 || octant === 5 || octant === 6;
  return [
    (octant > 1 && octant < 6 ? -radius : radius) * (isSteep ? far : near),
    (octant < 4 ? radius : -radius) * (isSteep ? near : far),
  ];
}
