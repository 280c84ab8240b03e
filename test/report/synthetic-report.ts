import { randomGenerator } from '../../src/random/index.js';
import type { LabeledPicture, ReportData } from '../../src/report/index.js';

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

/** A picture of one of ten shapes in random colors. */
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
    facts: { Backend: 'wasm', Seed: '7', Encoder: 'resnet18', 'Training pictures': '50,000' },
    classNames,
    seed: 7,
    accuracies: {
      testImages: 10000,
      baselines: [{ name: 'Raw pixels', remark: 'no encoder', knn: 0.3389, linearProbe: 0.3712 }],
      before: { name: 'Before training', knn: 0.3541, linearProbe: 0.4402 },
      after: { name: 'After training', knn: 0.5478, linearProbe: 0.6131 },
    },
    training: {
      losses: Array.from({ length: steps }, (_, step) => ({
        step,
        loss: 4.7 + 1.1 * Math.exp((-4 * step) / steps) + 0.06 * random.normal(),
        learningRate:
          (0.6 * Math.min(1, step / (0.1 * steps)) * (1 + Math.cos((Math.PI * step) / steps))) / 2,
      })),
      batchSize: 128,
      epochs: Array.from({ length: 4 }, (_, epoch) => ({
        epoch,
        loss: 6 - epoch * 0.3,
        seconds: 181.5,
        pairsPerSecond: 57.25,
        steps: stepsPerEpoch,
        ...(epoch === 3 ? { partial: true } : {}),
      })),
    },
    labelEfficiency: {
      testCount: 2000,
      runs: [1, 10, 100].flatMap((perClass, i) =>
        [0, 1].flatMap((seed) => [
          { method: 'probe' as const, perClass, seed, accuracy: 0.25 + 0.15 * i + 0.02 * seed },
          { method: 'scratch' as const, perClass, seed, accuracy: 0.12 + 0.1 * i + 0.02 * seed },
        ]),
      ),
      note: 'Scratch has <40> steps: -1.5 (-2.0 to 3), k-means.',
    },
    confusion: {
      of: 'linear probe',
      matrix: classNames.map((_, actual) =>
        classNames.map((__, predicted) =>
          actual === predicted
            ? 700
            : predicted === (actual + 1) % 10
              ? 201 + actual
              : 5 * ((actual + predicted) % 3),
        ),
      ),
    },
    views: Array.from({ length: rows }, (_, row) => ({
      original: picture(row),
      view1: shape(row % 10, 300 + row),
      view2: shape(row % 10, 600 + row),
    })),
    map: {
      pictures: Array.from({ length: mapPictures }, (_, i) => picture(i)),
      embeddings: [
        { name: 'Before training', embeddings: embed(0.8) },
        { name: 'After training', embeddings: embed(4) },
      ],
    },
    neighbors: Array.from({ length: rows }, (_, row) => ({
      query: picture(row),
      found: [
        { name: 'Before', pictures: found(row % 10, 0.3) },
        { name: 'After', pictures: found(row % 10, 0.8) },
      ],
    })),
  };
}
