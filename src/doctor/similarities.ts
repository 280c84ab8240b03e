/** Loss and similarities of the projections of both views. */
export interface PairStatistics {
  /** NT-Xent at the given temperature. */
  loss: number;
  /** Mean cosine similarity of positives. */
  positive: number;
  /** Mean cosine similarity of different pictures. */
  negative: number;
}

/** Rows of a matrix divided by their length; rows of zeros stay. */
export function unitRows(data: Float32Array, rows: number): Float32Array {
  const dim = data.length / rows;
  const units = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    let squares = 0;
    for (let i = row * dim; i < (row + 1) * dim; i++) squares += data[i]! ** 2;
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let i = row * dim; i < (row + 1) * dim; i++) units[i] = data[i]! * scale;
  }
  return units;
}

function dot(data: Float32Array, a: number, b: number, dim: number): number {
  let sum = 0;
  for (let i = 0; i < dim; i++) sum += data[a * dim + i]! * data[b * dim + i]!;
  return sum;
}

/** @param units - `[2N, D]`, view 1's rows, then view 2's, each of length 1. */
export function pairStatistics(units: Float32Array, pairs: number, temperature: number): PairStatistics {
  const views = 2 * pairs;
  const dim = units.length / views;
  let loss = 0;
  let positive = 0;
  let negative = 0;
  for (let row = 0; row < views; row++) {
    const pair = (row + pairs) % views;
    let mass = 0;
    for (let other = 0; other < views; other++) {
      if (other === row) continue;
      const similarity = dot(units, row, other, dim);
      mass += Math.exp((similarity - 1) / temperature); // similarities are at most 1
      if (other === pair) {
        positive += similarity;
        loss -= similarity / temperature;
      } else negative += similarity;
    }
    loss += Math.log(mass) + 1 / temperature;
  }
  return { loss: loss / views, positive: positive / views, negative: negative / (views * (views - 2)) };
}

/**
 * How often a row of view 1 is nearer to its partner than to another picture's view 2: 0.5 for unrelated views, 1 when every
 * partner is the nearest. Ties count half.
 *
 * @param data - `[2N, D]`, compared by Euclidean distance.
 */
export function pairingRate(data: Float32Array, pairs: number): number {
  const dim = data.length / (2 * pairs);
  const distance = (a: number, b: number) => {
    let sum = 0;
    for (let i = 0; i < dim; i++) sum += (data[a * dim + i]! - data[b * dim + i]!) ** 2;
    return sum;
  };
  let won = 0;
  for (let row = 0; row < pairs; row++) {
    const own = distance(row, pairs + row);
    for (let other = 0; other < pairs; other++) {
      if (other === row) continue;
      const theirs = distance(row, pairs + other);
      won += own < theirs ? 1 : own === theirs ? 0.5 : 0;
    }
  }
  return won / (pairs * (pairs - 1));
}
