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

/** Embeddings of the labelled pictures that are learned from, and of the test pictures. */
export interface EvaluationEmbeddings {
  references: EmbeddingArray;
  test: EmbeddingArray;
}

/** The pixels themselves, centred: what an encoder has to beat. */
export function rawPixels(images: ImageArray): EmbeddingArray {
  const [count, height, width, channels] = images.shape;
  const dim = height * width * channels;
  const data = new Float32Array(count * dim);
  for (let row = 0; row < count; row++) {
    const picture = images.data.subarray(row * dim, (row + 1) * dim);
    let sum = 0;
    for (const value of picture) sum += value;
    const mean = sum / dim;
    for (let i = 0; i < dim; i++) data[row * dim + i] = (picture[i]! - mean) / 255;
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

/** kNN and linear probe, the same way for pixels and representations. */
export async function accuracies(
  { references, test }: EvaluationEmbeddings,
  labels: { references: LabeledImages['labels']; test: LabeledImages['labels'] },
): Promise<Accuracies> {
  const known = { embeddings: references, labels: labels.references, classes: 10 };
  const knn = await (await knnClassifier(known)).evaluate(test, labels.test);
  const probe = await (await linearProbe(known)).evaluate(test, labels.test);
  return { knn: knn.accuracy, linearProbe: probe.accuracy };
}
