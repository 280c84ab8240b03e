import { type EmbeddingArray, linearProbe, nearestNeighbors } from 'simclr-ts';
import type { NamedPictures, Neighbor, ProbeResult } from '../shared/trainer-protocol.js';

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

/** Groups of rows joined by similarities of at least `similarity`, each of two or more, largest first. */
export async function duplicateGroups(vectors: EmbeddingArray, similarity: number): Promise<number[][]> {
  const [rows] = vectors.shape;
  const nearest = await nearestNeighbors(vectors, vectors, Math.min(10, rows));
  const parent = Uint32Array.from({ length: rows }, (_, row) => row);
  const rootOf = (row: number): number => {
    let root = row;
    while (parent[root] !== root) root = parent[root]!;
    return root;
  };
  for (let place = 0; place < nearest.indices.length; place++) {
    if (nearest.similarities[place]! < similarity) continue;
    parent[rootOf(Math.floor(place / nearest.neighbors))] = rootOf(nearest.indices[place]!);
  }
  const groups = new Map<number, number[]>();
  for (let row = 0; row < rows; row++) {
    const root = rootOf(row);
    groups.set(root, [...(groups.get(root) ?? []), row]);
  }
  return [...groups.values()].filter((group) => group.length > 1).sort((a, b) => b.length - a.length);
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
  const [rows, dim] = vectors.shape;
  const named = used.flatMap(({ indices }, label) => indices.map((index) => ({ index, label })));
  const data = new Float32Array(named.length * dim);
  for (const [row, { index }] of named.entries()) {
    data.set(vectors.data.subarray(index * dim, (index + 1) * dim), row * dim);
  }
  const embeddings: EmbeddingArray = { data, shape: [named.length, dim] };
  // A few examples in many dimensions: strong regularization, as nothing is held out to choose it by.
  const probe = await linearProbe(
    { embeddings, labels: Int32Array.from(named, ({ label }) => label), classes: used.length },
    { inverseRegularization: 0.1 },
  );
  const probabilities = await probe.probabilities(vectors);
  const classes = await probe.predict(vectors);
  const confidence = Float32Array.from(
    classes,
    (label, row) => probabilities.data[row * used.length + label]!,
  );
  for (const { index, label } of named) {
    classes[index] = label; // names given by a person have priority
    confidence[index] = 1;
  }
  if (classes.length !== rows) throw new Error('The probe did not name every picture.');
  return { names: used.map(({ name }) => name), classes, confidence };
}
