/** Places and colors of the studio's map. */
import { expect, it } from 'vitest';
import { gray, groupByName } from '../../examples/studio/ui/map/groups.js';
import { plainGrid, settled } from '../../examples/studio/ui/map/places.js';

const points = Float32Array.of(0, 0, 4, 0.2, 3.6, 1, 1, 2);

/** Points turned by an angle, and mirrored before. */
function turned(angle: number, mirror: 1 | -1): Float32Array {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return Float32Array.from(points, (_, i) => {
    const [x, y] = [points[i - (i % 2)]!, mirror * points[i - (i % 2) + 1]!];
    return 3 + (i % 2 ? sin * x + cos * y : cos * x - sin * y);
  });
}

function expectClose(found: Float32Array, expected: Float32Array): void {
  for (const [i, value] of found.entries()) expect(value).toBeCloseTo(expected[i]!, 4);
}

it('turns and mirrors a new map so that pictures stay where they were', () => {
  const before = settled(points, points);
  // In the unit square, halfway to ranks: of x 0, 3, 2, 1; of y 0, 1, 2, 3.
  const expected = [0, 0, 1, 0.05 + 1 / 6, 0.45 + 1 / 3, 0.25 + 1 / 3, 0.125 + 1 / 6, 1];
  expectClose(before, Float32Array.from(expected));
  for (const angle of [0.3, 2, 4]) {
    for (const mirror of [1, -1] as const) expectClose(settled(turned(angle, mirror), points), before);
  }
});

it('lays the longest axis of a first map along the wide side', () => {
  const places = settled(Float32Array.of(0, 0, 1, 10, 0, 20, 1, 30));
  const across = [0, 1, 2, 3].map((i) => places[2 * i]!);
  const ascending = across[0]! < across[3]! ? across : across.reverse();
  expect(ascending).toEqual([...ascending].sort((a, b) => a - b));
  expect(Math.min(...places)).toBe(0);
  expect(Math.max(...places)).toBe(1);
});

it('begins as a grid in reading order', () => {
  expect([...plainGrid(2, 2)]).toEqual([0.25, 0.5, 0.75, 0.5]);
  const grid = plainGrid(8, 2);
  expect([...grid].every((value) => value > 0 && value < 1)).toBe(true);
  expect(grid[0]).toBeLessThan(grid[2]!);
});

it('gives frequent names colors of their own, and gray to what is left', () => {
  const names = [...'aabbbc', ''];
  const { groups, colors } = groupByName(names, 'none');
  expect(groups.map(({ name, count }) => [name, count])).toEqual([
    ['b', 3],
    ['a', 2],
    ['c', 1],
    ['none', 1],
  ]);
  expect(colors[0]).toBe(colors[1]);
  expect(new Set(colors).size).toBe(4);
  expect(colors.at(-1)).toBe(gray);
  const many = groupByName(
    Array.from({ length: 15 }, (_, i) => `name ${i}`),
    'none',
  );
  expect(many.groups.at(-1)).toMatchObject({ name: 'others', count: 6, color: gray });
});
