import type { io } from '@tensorflow/tfjs-core';
import { type LayersModel, layers, sequential } from '@tensorflow/tfjs-layers';
import {
  type ImageArray,
  projectionHead,
  randomGenerator,
  SimCLR,
  type SimCLROptions,
  simclrAugmentation,
} from 'simclr-ts';
import { coreOf } from '../../src/training/step/trainer-core.js';

/** A few hundred weights: fast enough for the cpu backend. */
export function tinyEncoder(): LayersModel {
  const initializer = (seed: number) => ({
    kernelInitializer: { className: 'HeNormal', config: { seed } } as never,
  });
  return sequential({
    layers: [
      layers.conv2d({
        inputShape: [8, 8, 3],
        filters: 8,
        kernelSize: 3,
        strides: 2,
        activation: 'relu',
        ...initializer(1),
      }),
      layers.conv2d({ filters: 8, kernelSize: 3, activation: 'relu', ...initializer(2) }),
      layers.globalAveragePooling2d({}),
    ],
  });
}

/** A trainer of tiny parts. Its `dispose` disposes of them too, as if it had made them. */
export function tinySimCLR(options: SimCLROptions = {}): SimCLR {
  const simclr = new SimCLR({
    encoder: tinyEncoder(),
    projectionHead: projectionHead({ inputDim: 8, hidden: [16], outputDim: 8 }),
    augmentation: simclrAugmentation({ size: 8, blur: false }),
    ...options,
  });
  const { encoder, projectionHead: head, optimizer, loss } = simclr;
  for (const part of [encoder, head, optimizer, loss]) coreOf('tinySimCLR', simclr).own(part);
  return simclr;
}

/** `count` pictures of 8x8: each a color of its own, with noise. */
export function tinyPictures(count: number): ImageArray {
  const random = randomGenerator(5);
  const data = new Float32Array(count * 192);
  for (let picture = 0; picture < count; picture++) {
    const color = [random.uniform(), random.uniform(), random.uniform()];
    for (let i = 0; i < 192; i++) data[picture * 192 + i] = 0.8 * color[i % 3]! + 0.2 * random.uniform();
  }
  return { data, shape: [count, 8, 8, 3] };
}

/** The same with batch normalization, whose running statistics a forward pass changes. */
export function normalizedEncoder(): LayersModel {
  return sequential({
    layers: [
      layers.conv2d({ inputShape: [8, 8, 3], filters: 8, kernelSize: 3, strides: 2, useBias: false }),
      layers.batchNormalization({}),
      layers.globalAveragePooling2d({}),
    ],
  });
}

/** All weights of both models, one after the other. */
export function weightValues(simclr: SimCLR): Float32Array {
  const weights = [...simclr.encoder.getWeights(), ...simclr.projectionHead.getWeights()];
  return Float32Array.from(weights.flatMap((weight) => [...weight.dataSync()]));
}

/** A place to save to and load from, in memory. */
export function memoryStore(): io.IOHandler & { artifacts: io.ModelArtifacts | undefined; saves: number } {
  return {
    artifacts: undefined,
    saves: 0,
    async save(artifacts) {
      this.artifacts = structuredClone(artifacts);
      this.saves++;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    },
    async load() {
      if (!this.artifacts) throw new Error('nothing was saved');
      return structuredClone(this.artifacts);
    },
  };
}

/** What `promise` is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('not rejected');
}
