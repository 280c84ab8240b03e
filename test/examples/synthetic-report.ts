import type { LabeledPicture, ReportData } from '../../examples/cifar10/report/index.js';
import { randomGenerator } from '../../src/random/index.js';

const size = 32;
const classNames = [
  'disc',
  'ring',
  'cross',
  'square',
  'stripes',
  'checks',
  'slope',
  'corner',
  'bar',
  'dots & <co>',
];

/** A picture of one of ten shapes in random colours. */
function shape(label: number, seed: number): LabeledPicture {
  const random = randomGenerator(seed);
  const colors = Array.from({ length: 6 }, () => 40 + random.integer(200));
  const [cx, cy, radius] = [11 + random.integer(10), 11 + random.integer(10), 7 + random.integer(6)];
  const pixels = new Uint8Array(size * size * 3);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const distance = Math.hypot(x - cx, y - cy);
      const inside = [
        distance < radius,
        Math.abs(distance - radius) < 2.5,
        Math.min(Math.abs(x - cx), Math.abs(y - cy)) < 3,
        Math.max(Math.abs(x - cx), Math.abs(y - cy)) < radius,
        y % 8 < 4,
        (x >> 2) % 2 === (y >> 2) % 2,
        x + y < cx + cy,
        x < cx && y < cy,
        Math.abs(y - cy) < 4,
        x % 8 < 3 && y % 8 < 3,
      ][label]!;
      for (let channel = 0; channel < 3; channel++) {
        const color = colors[channel + (inside ? 0 : 3)]!;
        pixels[(y * size + x) * 3 + channel] = Math.min(255, color + random.integer(16));
      }
    }
  }
  return { pixels, width: size, height: size, label };
}

/** Report data without a training: shapes, a falling loss, embeddings that cluster afterwards. */
export function syntheticReport(mapPictures: number, rows: number, steps: number): ReportData {
  const random = randomGenerator(5);
  const picture = (index: number) => shape(index % 10, index);
  const dim = 16;
  const embed = (signal: number) => ({
    data: Float32Array.from({ length: mapPictures * dim }, (_, i) => {
      const label = Math.floor(i / dim) % 10;
      return random.normal() + (i % dim === label ? signal : 0);
    }),
    shape: [mapPictures, dim] as const,
  });
  const found = (label: number, share: number) =>
    Array.from({ length: 6 }, (_, i) =>
      shape(random.uniform() < share ? label : random.integer(10), 900 + label * 10 + i),
    );
  const stepsPerEpoch = Math.ceil(steps / 4);
  return {
    title: 'SimCLR on CIFAR-10 <synthetic>',
    report: {
      backend: 'wasm',
      seed: 7,
      images: 50000,
      encoder: 'resnet18',
      epochs: Array.from({ length: 4 }, (_, epoch) => ({
        epoch,
        loss: 6 - epoch * 0.3,
        seconds: 181.5,
        pairsPerSecond: 57.25,
        steps: stepsPerEpoch,
        ...(epoch === 3 ? { partial: true } : {}),
      })),
      evaluation: {
        rawPixels: { knn: 0.3389, linearProbe: 0.3712 },
        before: { knn: 0.3541, linearProbe: 0.4402 },
        after: { knn: 0.5478, linearProbe: 0.6131 },
      },
      testImages: 10000,
    },
    losses: Array.from({ length: steps }, (_, step) => ({
      step,
      loss: 4.7 + 1.1 * Math.exp((-4 * step) / steps) + 0.06 * random.normal(),
      learningRate: (0.6 * Math.min(1, step / (0.1 * steps)) * (1 + Math.cos((Math.PI * step) / steps))) / 2,
    })),
    batchSize: 128,
    classNames,
    views: Array.from({ length: rows }, (_, row) => ({
      original: picture(row),
      view1: shape(row % 10, 300 + row),
      view2: shape(row % 10, 600 + row),
    })),
    map: {
      pictures: Array.from({ length: mapPictures }, (_, i) => picture(i)),
      before: embed(0.8),
      after: embed(4),
    },
    neighbors: Array.from({ length: rows }, (_, row) => ({
      query: picture(row),
      before: found(row % 10, 0.3),
      after: found(row % 10, 0.8),
    })),
  };
}
