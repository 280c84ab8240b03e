/** Colors that are told apart on light and dark, also by most who see few colors; what is left over is gray. */
const palette = [
  '#4269d0',
  '#efb118',
  '#ff725c',
  '#3ca951',
  '#a463f2',
  '#6cc5b0',
  '#ff8ab7',
  '#9c6b4e',
  '#97bbf5',
];
export const gray = '#9498a0';

/** Pictures of one color. */
export interface Group {
  name: string;
  color: string;
  count: number;
}

/** The groups of a map, and the color of each picture. */
export interface Grouping {
  groups: Group[];
  colors: string[];
}

/** A color for each name, the most frequent first; `''` and the names beyond the palette are gray. */
export function groupByName(names: readonly string[], none: string): Grouping {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const others = counts.get('') ?? 0;
  counts.delete('');
  const order = [...counts].sort(([a, x], [b, y]) => y - x || a.localeCompare(b));
  const groups = order
    .slice(0, palette.length)
    .map(([name, count], place): Group => ({ name, count, color: palette[place]! }));
  const rest = order.slice(palette.length).reduce((sum, [, count]) => sum + count, 0);
  const colorOf = new Map(groups.map(({ name, color }) => [name, color]));
  if (rest > 0) groups.push({ name: 'others', color: gray, count: rest });
  if (others > 0) groups.push({ name: none, color: gray, count: others });
  return { groups, colors: names.map((name) => colorOf.get(name) ?? gray) };
}
