import { type LayersModel, layers, sequential } from '@tensorflow/tfjs-layers';
import {
  type ImageArray,
  projectionHead,
  randomGenerator,
  SimCLR,
  type SimCLROptions,
  simclrAugmentation,
} from 'simclr-ts';

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

/** A trainer of tiny parts. */
export function tinySimCLR(options: SimCLROptions = {}): SimCLR {
  return new SimCLR({
    encoder: tinyEncoder(),
    projectionHead: projectionHead({ inputDim: 8, hidden: [16], outputDim: 8 }),
    augmentation: simclrAugmentation({ size: 8, blur: false }),
    ...options,
  });
}

/** `count` pictures of 8x8: each a colour of its own, with noise. */
export function tinyPictures(count: number): ImageArray {
  const random = randomGenerator(5);
  const data = new Float32Array(count * 192);
  for (let picture = 0; picture < count; picture++) {
    const colour = [random.uniform(), random.uniform(), random.uniform()];
    for (let i = 0; i < 192; i++) data[picture * 192 + i] = 0.8 * colour[i % 3]! + 0.2 * random.uniform();
  }
  return { data, shape: [count, 8, 8, 3] };
}
