import { type LayersModel, layers, sequential } from '@tensorflow/tfjs-layers';
import { type ImageArray, randomGenerator, resnet18 } from 'simclr-ts';

/** Pictures with edges and colors: `count` of `size` x `size`, each of a few stripes. */
export function stripes(count: number, size = 16): ImageArray {
  const random = randomGenerator(9);
  const data = new Float32Array(count * size * size * 3);
  let next = 0;
  for (let picture = 0; picture < count; picture++) {
    const angle = random.uniform(0, Math.PI);
    const [x0, y0] = [Math.cos(angle), Math.sin(angle)];
    const frequency = random.uniform(0.4, 1.5);
    const ink = [random.uniform(), random.uniform(), random.uniform()];
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const light = 0.5 + 0.4 * Math.sin(frequency * (x * x0 + y * y0));
        for (let c = 0; c < 3; c++) data[next++] = 0.9 * light * ink[c]! + 0.1 * random.uniform();
      }
    }
  }
  return { data, shape: [count, size, size, 3] };
}

/** Pictures of one color each, or all of the same. */
export function flat(count: number, differ: boolean, size = 16): ImageArray {
  const random = randomGenerator(4);
  const length = size * size * 3;
  const data = new Float32Array(count * length);
  for (let picture = 0; picture < count; picture++) {
    data.fill(differ ? random.uniform() : 0.25, picture * length, (picture + 1) * length);
  }
  return { data, shape: [count, size, size, 3] };
}

/** A ResNet of few weights: stages of 8x8, 4x4, 2x2 and 1x1. */
export function smallResNet(seed = 1): LayersModel {
  return resnet18({ inputShape: [16, 16, 3], width: 4, seed });
}

/** Layers of tfjs-layers, without batch normalization, whose maps are odd: 15x13 and 7x6. */
export function stockNetwork(): LayersModel {
  const kernel = (seed: number) =>
    ({ kernelInitializer: { className: 'HeNormal', config: { seed } } }) as object;
  return sequential({
    layers: [
      layers.conv2d({
        inputShape: [16, 14, 3],
        filters: 6,
        kernelSize: 2,
        activation: 'relu',
        name: 'a',
        ...kernel(1),
      }),
      layers.maxPooling2d({ poolSize: 2, name: 'pool' }),
      layers.conv2d({
        filters: 5,
        kernelSize: [3, 3],
        padding: 'same',
        activation: 'relu',
        biasInitializer: 'ones',
        name: 'b',
        ...kernel(2),
      }),
      layers.globalAveragePooling2d({ name: 'h' }),
      layers.dense({ units: 7, activation: 'tanh', name: 'last', ...kernel(3) }),
    ],
  });
}
