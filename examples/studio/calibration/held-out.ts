import { type EmbeddingArray, knnClassifier, linearProbe, type SimCLR } from 'simclr-ts';
import { measure } from '../worker/measure.js';
import { vectorsOf } from '../worker/vectors.js';
import type { LabeledPictures, Parts } from './cifar-pictures.js';

/** How good vectors are, as shares of the held-out pictures unless stated otherwise. */
export interface Quality {
  /** kNN with the person's own pictures as neighbors, as in a search. */
  knn: number;
  /** kNN with a fixed number of other pictures as neighbors, which measures the encoder alone. */
  knnOthers: number;
  /** A linear probe on the person's own pictures, all of them named. */
  probe: number;
  /** The studio's own "nearest of the same folder": share of the five nearest, of the person's own pictures. */
  sameFolder?: number;
  /** The studio's own "other view found", of the person's own pictures. */
  viewFound?: number;
  /** Effective rank of the person's own vectors. */
  effectiveRank?: number;
}

async function embed(simclr: SimCLR, { pictures }: LabeledPictures): Promise<EmbeddingArray> {
  return vectorsOf(
    simclr,
    pictures,
    Uint32Array.from(pictures.names, (_, index) => index),
  );
}

/** Pixels at a quarter of the studio's size, minus their mean: the baseline of an encoder. */
function pixels({ pictures: { names, size, data } }: LabeledPictures): EmbeddingArray {
  const block = 4;
  const side = size / block;
  const dim = side * side * 3;
  const result = new Float32Array(names.length * dim);
  for (let row = 0; row < names.length; row++) {
    const vector = result.subarray(row * dim, (row + 1) * dim);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size * 3; x++) {
        const place = (Math.floor(y / block) * side + Math.floor(x / 3 / block)) * 3 + (x % 3);
        vector[place]! += data[(row * size + y) * size * 3 + x]! / (255 * block * block);
      }
    }
    const mean = vector.reduce((sum, value) => sum + value, 0) / dim;
    for (let i = 0; i < dim; i++) vector[i]! -= mean;
  }
  return { data: result, shape: [names.length, dim] };
}

async function qualityOf(
  parts: Parts,
  vectors: (part: LabeledPictures) => EmbeddingArray | Promise<EmbeddingArray>,
): Promise<Quality> {
  const { own, others, heldOut } = parts;
  const [ownVectors, otherVectors, heldOutVectors] = [
    await vectors(own),
    await vectors(others),
    await vectors(heldOut),
  ];
  const classes = 10;
  const byNeighbors = async (embeddings: EmbeddingArray, labels: Uint8Array): Promise<number> => {
    const knn = await knnClassifier(
      { embeddings, labels, classes },
      { neighbors: Math.min(20, labels.length) },
    );
    return (await knn.evaluate(heldOutVectors, heldOut.labels)).accuracy;
  };
  const probe = await linearProbe(
    { embeddings: ownVectors, labels: own.labels, classes },
    { inverseRegularization: 0.1 }, // as the studio's
  );
  return {
    knn: await byNeighbors(ownVectors, own.labels),
    knnOthers: await byNeighbors(otherVectors, others.labels),
    probe: (await probe.evaluate(heldOutVectors, heldOut.labels)).accuracy,
  };
}

/** How good the vectors of a model are. */
export async function qualityOfModel(simclr: SimCLR, parts: Parts): Promise<Quality> {
  const { viewMatch, groupMatch, effectiveRank } = (await measure(simclr, parts.own.pictures)).measurement;
  return {
    ...(await qualityOf(parts, (part) => embed(simclr, part))),
    ...(groupMatch !== undefined && { sameFolder: groupMatch }),
    viewFound: viewMatch,
    effectiveRank,
  };
}

/** How good pixels alone are. */
export function qualityOfPixels(parts: Parts): Promise<Quality> {
  return qualityOf(parts, pixels);
}
