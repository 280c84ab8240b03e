import { type EmbeddingArray, nearestNeighbors } from 'simclr-ts/evaluation';

/** Two rows, `a < b`, and their cosine similarity. */
export interface SimilarPair {
  a: number;
  b: number;
  similarity: number;
}

const firstNeighbors = 16;

function takeRows({ data, shape: [, dim] }: EmbeddingArray, rows: readonly number[]): EmbeddingArray {
  const taken = new Float32Array(rows.length * dim);
  for (const [i, row] of rows.entries()) taken.set(data.subarray(row * dim, (row + 1) * dim), i * dim);
  return { data: taken, shape: [rows.length, dim] };
}

/**
 * All pairs of rows whose cosine similarity is at least `threshold`, exactly, without a matrix of all similarities:
 * rows that might have more such neighbours than were asked for are asked again for twice as many.
 */
export async function similarPairs(vectors: EmbeddingArray, threshold: number): Promise<SimilarPair[]> {
  const [count] = vectors.shape;
  const pairs: SimilarPair[] = [];
  let open = Array.from({ length: count }, (_, row) => row);
  for (let wanted = firstNeighbors; open.length > 0; wanted *= 2) {
    const neighbors = Math.min(wanted, count);
    const found = await nearestNeighbors(takeRows(vectors, open), vectors, neighbors);
    const again: number[] = [];
    for (const [i, a] of open.entries()) {
      const end = (i + 1) * neighbors;
      if (neighbors < count && found.similarities[end - 1]! >= threshold) {
        again.push(a);
        continue;
      }
      for (let k = i * neighbors; k < end; k++) {
        const [b, similarity] = [found.indices[k]!, found.similarities[k]!];
        if (a < b && similarity >= threshold) pairs.push({ a, b, similarity });
      }
    }
    open = again;
  }
  return pairs.sort((x, y) => x.a - y.a || x.b - y.b);
}
