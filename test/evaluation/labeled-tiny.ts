import { type EpochPass, epochOrder, selectImages } from '../../src/data/index.js';
import { randomGenerator } from '../../src/random/index.js';

/** Pictures of 8x8 in `classes` colors, with noise; labels go round. */
export function coloredPictures(count: number, classes: number, seed = 1) {
  const random = randomGenerator(seed);
  const colors = randomGenerator(77);
  const palette = Float32Array.from({ length: 3 * classes }, () => colors.uniform());
  const labels = Uint8Array.from({ length: count }, (_, picture) => picture % classes);
  const data = Float32Array.from({ length: count * 192 }, (_, i) => {
    const color = palette[3 * labels[Math.floor(i / 192)]! + (i % 3)]!;
    return 0.8 * color + 0.2 * random.uniform();
  });
  return { images: { data, shape: [count, 8, 8, 3] as const }, labels };
}

/** The same pictures as a data set that gives batches, as an image folder does; `carried` says whether with labels. */
export function asBatches({ images, labels }: ReturnType<typeof coloredPictures>, carried = true) {
  const [size] = images.shape;
  const passes: EpochPass[] = [];
  const source = function* (pass: EpochPass) {
    passes.push(pass);
    const order = pass.shuffle ? epochOrder(size, pass) : Uint32Array.from({ length: size }, (_, i) => i);
    for (let start = 0; start < size; start += pass.batchSize) {
      const indices = order.slice(start, start + pass.batchSize);
      const batch = selectImages({ images, labels }, indices);
      yield { images: batch.images, indices, ...(carried && { labels: batch.labels }) };
    }
  };
  return Object.assign(source, { size, passes });
}
