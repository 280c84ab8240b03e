/** Places of pictures on the map: two numbers each, from 0 to 1. */
export type Places = Float32Array;

/** The mean of each coordinate. */
function center(points: Float32Array): [number, number] {
  const sum: [number, number] = [0, 0];
  for (const [i, value] of points.entries()) sum[(i % 2) as 0 | 1] += value;
  return [(2 * sum[0]) / points.length, (2 * sum[1]) / points.length];
}

/** Turns points by an angle about the origin, mirrored before if `flip` is -1. */
function turned(points: Float32Array, angle: number, flip: 1 | -1): Float32Array {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return points.map((value, i) => {
    const [x, y] = i % 2 ? [points[i - 1]!, flip * value] : [value, flip * points[i + 1]!];
    return i % 2 ? sin * x + cos * y : cos * x - sin * y;
  });
}

/** The turn that brings points nearest to others, as `[agreement, angle]`: the orthogonal Procrustes problem in a plane. */
function bestTurn(points: Float32Array, others: Float32Array, flip: 1 | -1): [number, number] {
  let along = 0;
  let across = 0;
  for (let i = 0; i < points.length; i += 2) {
    const [x, y, u, v] = [points[i]!, flip * points[i + 1]!, others[i]!, others[i + 1]!];
    along += x * u + y * v;
    across += x * v - y * u;
  }
  return [Math.hypot(along, across), Math.atan2(across, along)];
}

/** The angle of the longest axis, which belongs along a wide map. */
function longestAxis(points: Float32Array): number {
  let [xx, xy, yy] = [0, 0, 0];
  for (let i = 0; i < points.length; i += 2) {
    xx += points[i]! ** 2;
    xy += points[i]! * points[i + 1]!;
    yy += points[i + 1]! ** 2;
  }
  return 0.5 * Math.atan2(2 * xy, xx - yy);
}

/** Points moved and scaled into the unit square. */
function unitSquare(points: Float32Array): Places {
  const min = [Infinity, Infinity];
  const max = [-Infinity, -Infinity];
  for (const [i, value] of points.entries()) {
    min[i % 2] = Math.min(min[i % 2]!, value);
    max[i % 2] = Math.max(max[i % 2]!, value);
  }
  return points.map((value, i) => (value - min[i % 2]!) / (max[i % 2]! - min[i % 2]! || 1));
}

/** How far {@link evened} goes, from 0 to 1. */
const evenness = 0.5;

/**
 * Places halfway to those at which every strip of the map holds equally many: groups take the room that there is, and
 * pictures hide each other less. Left stays left, and up stays up.
 */
function evened(places: Places): Places {
  const count = places.length / 2;
  const result = new Float32Array(places.length);
  for (const axis of [0, 1]) {
    const order = Array.from({ length: count }, (_, place) => 2 * place + axis);
    order.sort((a, b) => places[a]! - places[b]!);
    for (const [rank, i] of order.entries()) {
      result[i] = (1 - evenness) * places[i]! + (evenness * rank) / Math.max(1, count - 1);
    }
  }
  return result;
}

/**
 * The points of a new map as places, turned and mirrored so that pictures stay where they were as far as they can: which
 * way a map lies means nothing.
 */
export function settled(points: Float32Array, before?: Places): Places {
  const middle = center(points);
  const centered = points.map((value, i) => value - middle[i % 2]!);
  if (before?.length !== points.length)
    return evened(unitSquare(turned(centered, -longestAxis(centered), 1)));
  const there = center(before);
  const others = before.map((value, i) => value - there[i % 2]!);
  const [plain, mirrored] = [bestTurn(centered, others, 1), bestTurn(centered, others, -1)];
  const [flip, angle] = plain[0] >= mirrored[0] ? [1 as const, plain[1]] : [-1 as const, mirrored[1]];
  return evened(unitSquare(turned(centered, angle, flip)));
}

/** A plain grid in reading order, wider than high. */
export function plainGrid(count: number, aspect: number): Places {
  const about = Math.ceil(Math.sqrt(count * aspect));
  const empty = (columns: number) => (columns - (count % columns)) % columns;
  const choices = [0, 1, -1, 2, -2].map((more) => Math.max(1, about + more));
  const columns = choices.reduce((best, each) => (empty(each) < empty(best) ? each : best)); // the last row is fullest
  const rows = Math.max(1, Math.ceil(count / columns));
  return Float32Array.from({ length: 2 * count }, (_, i) => {
    const place = i >> 1;
    return i % 2 ? (Math.floor(place / columns) + 0.5) / rows : ((place % columns) + 0.5) / columns;
  });
}
