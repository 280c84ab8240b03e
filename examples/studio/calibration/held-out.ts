import { layers, sequential } from '@tensorflow/tfjs-layers';
import { type EmbeddingArray, knnClassifier, linearProbe, type SimCLR } from 'simclr-ts';
import { fitReadout } from 'simclr-ts/features';
import { spreadIndices } from '../shared/pictures.js';
import { readoutOf } from '../worker/model.js';
import { measure } from '../worker/vectors/measure.js';
import { asImages, type Embedder, vectorsOf } from '../worker/vectors/vectors-of.js';
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

/** `size` is that of the embedder's pictures. */
async function qualityOf(parts: Parts, embedder: Embedder, size: number): Promise<Quality> {
  const vectors = ({ pictures }: LabeledPictures) => {
    const { length } = pictures.names;
    return vectorsOf(embedder, pictures, spreadIndices(length, length), size);
  };
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
  const probe = await linearProbe({ embeddings: ownVectors, labels: own.labels, classes });
  return {
    knn: await byNeighbors(ownVectors, own.labels),
    knnOthers: await byNeighbors(otherVectors, others.labels),
    probe: (await probe.evaluate(heldOutVectors, heldOut.labels)).accuracy,
  };
}

/** How good the vectors of a model are. */
export async function qualityOfModel(simclr: SimCLR, parts: Parts): Promise<Quality> {
  const { pictures } = parts.own;
  const { viewMatch, groupMatch, effectiveRank } = (await measure(simclr, pictures)).measurement;
  const readout = await readoutOf(simclr, pictures);
  const quality = await qualityOf(parts, readout ?? simclr, simclr.inputSize[0]);
  readout?.dispose();
  return {
    ...quality,
    ...(groupMatch !== undefined && { sameFolder: groupMatch }),
    viewFound: viewMatch,
    effectiveRank,
  };
}

/** How good pixels alone are, averaged to 16x16 and whitened on the person's own pictures: the strongest cheap baseline. */
export async function qualityOfPixels(parts: Parts): Promise<Quality> {
  const { size } = parts.own.pictures;
  const encoder = sequential({
    layers: [
      layers.averagePooling2d({ inputShape: [size, size, 3], poolSize: size / 16 }),
      layers.flatten({ name: 'pixels' }),
    ],
  });
  const stages = [{ layer: 'pixels', grid: 1 }];
  const readout = await fitReadout(encoder, asImages(parts.own.pictures), { stages });
  encoder.dispose();
  const quality = await qualityOf(parts, readout, size);
  readout.dispose();
  return quality;
}
