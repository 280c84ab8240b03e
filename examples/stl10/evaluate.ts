import {
  type EmbeddingArray,
  type ImageArray,
  knnClassifier,
  type LabeledImages,
  type SimCLR,
} from 'simclr-ts';
import { progress } from 'simclr-ts/node';
import { enlargedBatches } from './pictures.js';

/** Representations of all pictures, in host memory. */
async function embedAll(simclr: SimCLR, images: ImageArray, label: string, signal: AbortSignal) {
  const count = images.shape[0];
  const dim = simclr.encoder.outputs[0]!.shape[1]!;
  const data = new Float32Array(count * dim);
  const bar = progress(count, label);
  let done = 0;
  try {
    const options = { batchSize: 32, shuffle: false, dropRemainder: false };
    for await (const batch of enlargedBatches(images, options)) {
      const h = await simclr.embed(batch.images);
      data.set(await h.data(), done * dim);
      done += h.shape[0];
      batch.images.dispose();
      h.dispose();
      signal.throwIfAborted();
      bar.update(done);
    }
  } finally {
    bar.stop();
  }
  return { data, shape: [count, dim] } satisfies EmbeddingArray;
}

/**
 * Accuracy of a k-nearest-neighbor classifier on the frozen representations, as a line for people.
 *
 * @param name - When it was measured.
 * @param signal - Ends the measurement with an `AbortError`.
 */
export async function knnAccuracy(
  simclr: SimCLR,
  { train, test }: { train: LabeledImages; test: LabeledImages },
  name: string,
  signal: AbortSignal,
): Promise<string> {
  const references = await embedAll(simclr, train.images, `kNN ${name}, references`, signal);
  const queries = await embedAll(simclr, test.images, `kNN ${name}, queries`, signal);
  const knn = await knnClassifier(
    { embeddings: references, labels: train.labels },
    { neighbors: Math.min(20, train.labels.length) },
  );
  const { accuracy, interval } = await knn.evaluate(queries, test.labels);
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return (
    `kNN ${name}: ${percent(accuracy)} of ${test.labels.length} pictures ` +
    `(95 % interval ${percent(interval.low)} to ${percent(interval.high)}; guessing gives 10 %)`
  );
}
