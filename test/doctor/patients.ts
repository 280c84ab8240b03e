import { add, mul, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { initializers, type LayersModel, layers, sequential } from '@tensorflow/tfjs-layers';
import {
  BatchNormalization,
  type ImageArray,
  projectionHead,
  randomGenerator,
  registerLayers,
  SGD,
  SimCLR,
  type SimCLROptions,
  type Transform,
} from 'simclr-ts';
import type { Finding } from '../../src/doctor/index.js';
import { type DoctorOptions, doctor } from '../../src/doctor/index.js';

/** Pictures of 4x4 that have nothing to do with each other: uniform noise of their own around gray. */
export function patterns(count: number, contrast = 1): ImageArray {
  const random = randomGenerator(3);
  const data = Float32Array.from({ length: count * 48 }, () => 0.5 + contrast * (random.uniform() - 0.5));
  return { data, shape: [count, 4, 4, 3] };
}

/** A quick augmentation: brightness by up to a tenth, and noise of each pixel's own. */
export function noisy(noise = 0.1): Transform<{ factor: Float32Array; noise: Float32Array }> {
  return {
    name: 'noisy',
    sample: (count, random) => ({
      factor: Float32Array.from({ length: count }, (_, row) => random.row(row).uniform(1 - noise, 1)),
      noise: Float32Array.from({ length: count * 48 }, (_, i) =>
        random
          .row(Math.floor(i / 48))
          .fold(i % 48)
          .uniform(-noise, noise),
      ),
    }),
    apply: (images, parameters) =>
      tidy(() => {
        const factor = tensor4d(parameters.factor, [images.shape[0], 1, 1, 1]);
        return add<Tensor4D>(mul(images, factor), tensor4d(parameters.noise, images.shape));
      }),
  };
}

export const he = (seed: number) => initializers.heNormal({ seed });

/** Two dense layers; `normalize` puts batch normalization of so many groups between them. */
export function denseEncoder(options: { width?: number; bias?: number; groups?: number } = {}): LayersModel {
  const { width = 16, bias = 0, groups } = options;
  registerLayers();
  return sequential({
    layers: [
      layers.flatten({ inputShape: [4, 4, 3] }),
      layers.dense({ units: 32, kernelInitializer: he(1), useBias: groups === undefined }),
      ...(groups === undefined ? [] : [new BatchNormalization({ groups })]),
      layers.dense({
        units: width,
        kernelInitializer: he(2),
        activation: 'relu',
        biasInitializer: initializers.constant({ value: bias }),
      }),
    ],
  });
}

/** A trainer of a few thousand weights, pictures centered; healthy unless `options` say otherwise. */
export function patient(options: SimCLROptions = {}): SimCLR {
  const encoder = (options.encoder as LayersModel | undefined) ?? denseEncoder();
  return new SimCLR({
    encoder,
    projectionHead: projectionHead({ inputDim: encoder.outputs[0]!.shape[1]!, hidden: [16], outputDim: 8 }),
    augmentation: noisy(),
    normalization: { mean: [0.5, 0.5, 0.5], std: [0.3, 0.3, 0.3] },
    optimizer: new SGD({ learningRate: 0.05 }),
    ...options,
  });
}

/** Trains under the doctor's eyes: what it said, in order. */
export async function trainWithDoctor(
  simclr: SimCLR,
  options: {
    steps?: number;
    batchSize?: number;
    microBatchSize?: number;
    pictures?: ImageArray;
  } & DoctorOptions = {},
): Promise<Finding[]> {
  const { steps = 6, batchSize = 16, microBatchSize = batchSize, ...others } = options;
  const { pictures = patterns(4 * batchSize), ...rest } = others;
  const findings: Finding[] = [];
  const onFinding = (finding: Finding) => {
    findings.push(finding);
  };
  const callbacks = [doctor({ everySteps: 20, onFinding, ...rest })];
  await simclr.fit(pictures, { batchSize, microBatchSize, epochs: 1000, maxSteps: steps, callbacks });
  return findings;
}
