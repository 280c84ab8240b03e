import {
  type ClassificationResult,
  type EmbeddingArray,
  type ImageArray,
  knnClassifier,
  type LabeledImages,
  linearProbe,
  type SimCLR,
} from 'simclr-ts';
import { progress } from 'simclr-ts/node';
import { normalization } from './recipe.js';

/** Top-1 accuracies on the test pictures, from 0 to 1. */
export interface Accuracies {
  knn: number;
  linearProbe: number;
}

/** Classes of the labeled pictures, and of the test pictures. */
export interface EvaluationLabels {
  references: LabeledImages['labels'];
  test: LabeledImages['labels'];
}

/** Accuracies, and the classes that were predicted. */
export interface Evaluation extends Accuracies {
  predictions: Record<keyof Accuracies, Int32Array>;
}

/** Embeddings of the labeled pictures that are learned from, and of the test pictures. */
export interface EvaluationEmbeddings {
  references: EmbeddingArray;
  test: EmbeddingArray;
}

/**
 * The pixels themselves, as the encoder is given them: what it has to beat.
 *
 * @param block - Averages squares of so many pixels: 2 for a linear probe, which is slow and no better on 3072 columns.
 */
export function rawPixels(images: ImageArray, block = 1): EmbeddingArray {
  const { mean, std } = normalization;
  const [count, height, width, channels] = images.shape;
  const [rows, columns] = [height / block, width / block];
  const dim = rows * columns * channels;
  const data = new Float32Array(count * dim);
  for (let picture = 0; picture < count; picture++) {
    for (let i = 0; i < height * width * channels; i++) {
      const [y, x, channel] = [
        Math.floor(i / (width * channels)),
        Math.floor(i / channels) % width,
        i % channels,
      ];
      const place = (Math.floor(y / block) * columns + Math.floor(x / block)) * channels + channel;
      const value = images.data[picture * height * width * channels + i]! / 255;
      const normalized = (value - mean[channel]!) / std[channel]!;
      data[picture * dim + place] = data[picture * dim + place]! + normalized / (block * block);
    }
  }
  return { data, shape: [count, dim] };
}

/**
 * Embeddings less the mean of their own values: of pixels, without the brightness of the picture. Nearest neighbors
 * are better on such pixels than on raw ones.
 */
export function centered({ data, shape }: EmbeddingArray): EmbeddingArray {
  const [count, dim] = shape;
  const result = Float32Array.from(data);
  for (let row = 0; row < count; row++) {
    const values = result.subarray(row * dim, (row + 1) * dim);
    const mean = values.reduce((sum, value) => sum + value, 0) / dim;
    for (let i = 0; i < dim; i++) values[i] = values[i]! - mean;
  }
  return { data: result, shape };
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

/** What the kNN classifier makes of the test pictures. */
export async function byNeighbors(
  { references, test }: EvaluationEmbeddings,
  labels: EvaluationLabels,
): Promise<ClassificationResult> {
  const known = { labels: labels.references, classes: 10 };
  const knn = await knnClassifier({ ...known, embeddings: references });
  return knn.evaluate(test, labels.test);
}

/** Accuracies of the kNN classifier and of the linear probe on the test pictures. */
export async function accuracies(
  { references, test }: EvaluationEmbeddings,
  labels: EvaluationLabels,
  forProbe: EvaluationEmbeddings = { references, test },
): Promise<Evaluation> {
  const known = { labels: labels.references, classes: 10 };
  const knn = await byNeighbors({ references, test }, labels);
  const probe = await linearProbe({ ...known, embeddings: forProbe.references });
  const byProbe = await probe.evaluate(forProbe.test, labels.test);
  return {
    knn: knn.accuracy,
    linearProbe: byProbe.accuracy,
    predictions: { knn: knn.predictions, linearProbe: byProbe.predictions },
  };
}
