/**
 * The ranks of the relevant rows, from 1, when all rows are sorted by descending similarity; of equal similarities the lower
 * row comes first. Places every other row among the relevant ones by bisection, which saves sorting all rows.
 *
 * @param relevant - Row numbers, each once.
 * @param self - A row to leave out; -1 for none.
 * @returns Ranks in ascending order.
 */
export function ranksOfRelevant(
  similarities: Float32Array,
  relevant: ArrayLike<number>,
  self: number,
): Int32Array {
  const count = relevant.length;
  const rows = Int32Array.from(relevant).sort((a, b) => similarities[b]! - similarities[a]! || a - b);
  const sorted = Float32Array.from(rows, (row) => similarities[row]!);
  const before = new Int32Array(count + 1); // how many other rows come right before relevant row i
  const isRelevant = new Uint8Array(similarities.length);
  for (let i = 0; i < count; i++) isRelevant[rows[i]!] = 1;
  const last = sorted[count - 1]!;
  for (let row = 0; row < similarities.length; row++) {
    const similarity = similarities[row]!;
    if (similarity < last || isRelevant[row] === 1 || row === self) continue;
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = sorted[middle]!;
      if (other > similarity || (other === similarity && rows[middle]! < row)) low = middle + 1;
      else high = middle;
    }
    before[low] = before[low]! + 1;
  }
  const ranks = new Int32Array(count);
  for (let i = 0, others = 0; i < count; i++) {
    others += before[i]!;
    ranks[i] = i + 1 + others;
  }
  return ranks;
}
