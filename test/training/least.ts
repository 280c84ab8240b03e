import { layers, sequential } from '@tensorflow/tfjs-layers';
import { type ImageArray, projectionHead, randomHorizontalFlip, SGD, SimCLR } from 'simclr-ts';

/** The least trainer that has a convolution and batch normalization, for hundreds of steps on graphics in software. */
export function leastSimCLR(): SimCLR {
  return new SimCLR({
    encoder: sequential({
      layers: [
        layers.conv2d({ inputShape: [4, 4, 3], filters: 2, kernelSize: 3, useBias: false }),
        layers.batchNormalization({}),
        layers.globalAveragePooling2d({}),
      ],
    }),
    projectionHead: projectionHead({ inputDim: 2, hidden: [], outputDim: 2 }),
    augmentation: randomHorizontalFlip(),
    optimizer: new SGD({ learningRate: 0.01, momentum: 0.9 }),
  });
}

/** `count` pictures of 4x4. */
export function leastPictures(count: number): ImageArray {
  const data = Float32Array.from({ length: count * 48 }, (_, index) => ((index * 7919) % 101) / 100);
  return { data, shape: [count, 4, 4, 3] };
}
