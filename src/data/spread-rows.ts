/** At most `count` of `total` row numbers, evenly spread from 0 on. */
export function spreadRows(total: number, count: number): number[] {
  const number = Math.min(total, count);
  return Array.from({ length: number }, (_, i) => Math.floor((i * total) / number));
}
