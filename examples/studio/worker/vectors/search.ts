import {
  type EmbeddingArray,
  fitLabels,
  nearestNeighbors,
  selectDiverse,
  stackEmbeddings,
  weighComponents,
} from 'simclr-ts';
import type { NamedPictures, Neighbor, ProbeResult } from '../../shared/trainer-protocol.js';

/** The pictures most similar to one, nearest first, without itself. */
export async function neighborsOf(
  vectors: EmbeddingArray,
  index: number,
  count: number,
): Promise<Neighbor[]> {
  const [rows, dim] = vectors.shape;
  const query = { data: vectors.data.subarray(index * dim, (index + 1) * dim), shape: [1, dim] as const };
  const found = await nearestNeighbors(query, vectors, Math.min(count + 1, rows));
  return Array.from(found.indices, (neighbor, place) => ({
    index: neighbor,
    similarity: found.similarities[place]!,
  }))
    .filter((neighbor) => neighbor.index !== index)
    .slice(0, count);
}

/** Groups of rows that are as similar to the center of their group as `similarity`, each of two or more, largest first. */
export async function duplicateGroups(vectors: EmbeddingArray, similarity: number): Promise<number[][]> {
  const groups = await stackEmbeddings(vectors, { threshold: similarity });
  return groups
    .map(({ rows }) => [...rows])
    .filter((rows) => rows.length > 1)
    .sort((a, b) => b.length - a.length);
}

/** Rows that stand for all, the most telling first. */
export async function diverseSubset(vectors: EmbeddingArray, count: number): Promise<number[]> {
  const weighed = await weighComponents(vectors);
  const { rows } = await selectDiverse(weighed, { count: Math.min(count, vectors.shape[0]) });
  return [...rows];
}

/** Names for all pictures, learned from those that were named. */
export async function nameTheRest(
  vectors: EmbeddingArray,
  labels: readonly NamedPictures[],
): Promise<ProbeResult> {
  const used = labels.filter(({ indices }) => indices.length > 0);
  if (used.length < 2) {
    throw new Error('Name pictures of at least two kinds: what is not of one kind must be of another.');
  }
  const weighed = await weighComponents(vectors); // for a few names, the leading directions say more
  const dim = weighed.shape[1];
  const named = used.flatMap(({ indices }, label) => indices.map((index) => ({ index, label })));
  const data = new Float32Array(named.length * dim);
  for (const [row, { index }] of named.entries()) {
    data.set(weighed.data.subarray(index * dim, (index + 1) * dim), row * dim);
  }
  const embeddings: EmbeddingArray = { data, shape: [named.length, dim] };
  const model = await fitLabels({ embeddings, labels: named.map(({ label }) => label) }, { noneShare: 0 });
  const { labels: classes, confidences: confidence } = await model.predict(weighed);
  for (const { index, label } of named) {
    classes[index] = label; // names given by a person have priority
    confidence[index] = 1;
  }
  return { names: used.map(({ name }) => name), classes, confidence };
}
