import {
  type EmbeddingArray,
  type ImageArray,
  knnClassifier,
  type LabeledImages,
  linearProbe,
  type SimCLR,
} from 'simclr-ts';
import { progress } from 'simclr-ts/node';
import type { Accuracies } from './report/types.js';

/** Accuracies, and the classes that were predicted. */
export interface Evaluation extends Accuracies {
  predictions: Record<keyof Accuracies, Int32Array>;
}

/** Embeddings of the labelled pictures that are learned from, and of the test pictures. */
export interface EvaluationEmbeddings {
  references: EmbeddingArray;
  test: EmbeddingArray;
}

/**
 * The pixels themselves, each picture centred: what an encoder has to beat.
 *
 * @param block - Averages squares of so many pixels: 2 for a linear probe, which is slow and no better on 3072 columns.
 */
export function rawPixels(images: ImageArray, block = 1): EmbeddingArray {
  const [count, height, width, channels] = images.shape;
  const [rows, columns] = [height / block, width / block];
  const dim = rows * columns * channels;
  const data = new Float32Array(count * dim);
  for (let picture = 0; picture < count; picture++) {
    let sum = 0;
    for (let i = 0; i < height * width * channels; i++) {
      const value = images.data[picture * height * width * channels + i]! / (255 * block * block);
      const [y, x, channel] = [
        Math.floor(i / (width * channels)),
        Math.floor(i / channels) % width,
        i % channels,
      ];
      const place = (Math.floor(y / block) * columns + Math.floor(x / block)) * channels + channel;
      data[picture * dim + place] = data[picture * dim + place]! + value;
      sum += value;
    }
    for (let i = 0; i < dim; i++) data[picture * dim + i] = data[picture * dim + i]! - sum / dim;
  }
  return { data, shape: [count, dim] };
}

/** Representations h in host memory. */
export async function represent(simclr: SimCLR, images: ImageArray, label: string): Promise<EmbeddingArray> {
  const bar = progress(images.shape[0], label);
  try {
    const h = await simclr.embed(images, { batchSize: 250, onProgress: (done) => bar.update(done) });
    const data = (await h.data()) as Float32Array;
    h.dispose();
    return { data: Float32Array.from(data), shape: h.shape };
  } finally {
    bar.stop();
  }
}

/** Accuracies of the kNN classifier and of the linear probe on the test pictures. */
export async function accuracies(
  { references, test }: EvaluationEmbeddings,
  labels: { references: LabeledImages['labels']; test: LabeledImages['labels'] },
  forProbe: EvaluationEmbeddings = { references, test },
): Promise<Evaluation> {
  const known = { labels: labels.references, classes: 10 };
  const knn = await knnClassifier({ ...known, embeddings: references });
  const probe = await linearProbe({ ...known, embeddings: forProbe.references });
  const [byNeighbors, byProbe] = [
    await knn.evaluate(test, labels.test),
    await probe.evaluate(forProbe.test, labels.test),
  ];
  return {
    knn: byNeighbors.accuracy,
    linearProbe: byProbe.accuracy,
    predictions: { knn: byNeighbors.predictions, linearProbe: byProbe.predictions },
  };
}
