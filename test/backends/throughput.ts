import { dispose, tensor4d } from '@tensorflow/tfjs-core';
import { projectionHead, resnet18, SGD, SimCLR } from 'simclr-ts';
import { hashedValues } from '../helpers/hashed-values.js';

/** Small enough for plain JavaScript and for graphics that are computed by the processor. */
const pairs = 4;
const size = 16;
const width = 4;

/** A step longer than this is not repeated much. */
const patienceMilliseconds = 10_000;
const mostSteps = 7;

/**
 * Pairs per second of training on the active backend: a ResNet-18 of width 4, its stem of 7x7 with stride 2, on 4 pairs
 * of 16x16 pixels, augmented. From the median of the steps after the first, which compiles.
 */
export async function measurePairsPerSecond(): Promise<number> {
  const simclr = new SimCLR({
    encoder: resnet18({ inputShape: [size, size, 3], stem: 'imagenet', width }),
    projectionHead: projectionHead({ inputDim: 8 * width, hidden: [64, 64], outputDim: 32 }),
    optimizer: new SGD({ learningRate: 0.05, momentum: 0.9 }),
  });
  const images = tensor4d(
    hashedValues('pictures', pairs * size * size * 3).map((value) => (value + 1) / 2),
    [pairs, size, size, 3],
  );
  try {
    await simclr.trainStep(images);
    const times: number[] = [];
    const began = performance.now();
    while (times.length < mostSteps && performance.now() - began < patienceMilliseconds) {
      const start = performance.now();
      await simclr.trainStep(images);
      times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    return (1000 * pairs) / times[Math.floor(times.length / 2)]!;
  } finally {
    dispose(images);
    simclr.dispose();
  }
}
