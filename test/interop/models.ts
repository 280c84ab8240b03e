import {
  input,
  type LayersModel,
  layers,
  model,
  type SymbolicTensor,
  sequential,
} from '@tensorflow/tfjs-layers';
import {
  mobileNetV2,
  PaddedDepthwiseConv2D,
  resnet18,
  resnet50,
  setTorchvisionWeights,
} from '../../src/models/index.js';
import type { AnyLayer } from '../../src/models/layer-graph.js';
import { hashedWeight } from '../models/fill.js';

/** Small encoders of this library with known weights and running statistics. */
export const encoders: [name: string, build: () => LayersModel][] = [
  ['resnet18', () => known(resnet18({ inputShape: [33, 32, 3], width: 2 }))],
  ['resnet18 of small pictures', () => known(resnet18({ inputShape: [8, 8, 3], width: 2, stem: 'small' }))],
  [
    'resnet18 with a stem of solo-learn',
    () =>
      known(
        resnet18({
          inputShape: [8, 8, 3],
          width: 2,
          stem: { kernelSize: 3, strides: 1, pool: false, padding: 2 },
        }),
      ),
  ],
  [
    'resnet18 with a stem of lightly',
    () =>
      known(
        resnet18({
          inputShape: [8, 8, 3],
          width: 2,
          stem: { kernelSize: 3, strides: 1, pool: false, activation: 'none' },
        }),
      ),
  ],
  [
    'mobileNetV2 of small pictures',
    () => known(mobileNetV2({ inputShape: [16, 16, 3], widthMultiplier: 0.1, stem: 'small' })),
  ],
  [
    'mobileNetV2',
    () => known(mobileNetV2({ inputShape: [65, 64, 3], widthMultiplier: 0.1, name: 'teacher' })),
  ],
  ['depthwise convolutions', depthwiseEncoder],
  ['resnet50', () => known(resnet50({ inputShape: [16, 16, 3], width: 2, name: 'teacher' }))],
];

/** Depthwise convolutions with a multiplier, a bias and odd sides, of this library and of tfjs-layers. */
function depthwiseEncoder(): LayersModel {
  const x = input({ shape: [9, 10, 3] });
  const own = new PaddedDepthwiseConv2D({
    kernelSize: 3,
    strides: 2,
    depthMultiplier: 2,
    padding: [1, 0, 2, 1],
    useBias: true,
    name: 'own',
  });
  const stock = layers.depthwiseConv2d({
    kernelSize: [3, 2],
    depthMultiplier: 2,
    padding: 'same',
    activation: 'relu6',
    biasInitializer: 'ones',
    name: 'stock',
  });
  const capped = layers.reLU({ maxValue: 1.5, name: 'capped' });
  const y = [own, stock, capped, layers.flatten({ name: 'flat' })].reduce(
    (tensor, layer) => layer.apply(tensor) as SymbolicTensor,
    x,
  );
  return model({ inputs: x, outputs: y });
}

function known(encoder: LayersModel): LayersModel {
  setTorchvisionWeights(encoder, hashedWeight);
  return encoder;
}

/** An encoder of usual layers. */
export function stockEncoder(): LayersModel {
  return sequential({
    layers: [
      layers.conv2d({
        inputShape: [9, 9, 3],
        filters: 4,
        kernelSize: 3,
        padding: 'same',
        strides: 2,
        name: 'first',
      }),
      layers.conv2d({ filters: 4, kernelSize: [3, 2], padding: 'same', dilationRate: [2, 3], name: 'wide' }),
      layers.batchNormalization({ name: 'normal' }),
      layers.activation({ activation: 'tanh', name: 'bend' }),
      layers.zeroPadding2d({
        padding: [
          [1, 0],
          [0, 1],
        ],
        name: 'zeros',
      }),
      layers.averagePooling2d({ poolSize: 2, strides: 2, padding: 'same', name: 'average' }),
      layers.maxPooling2d({ poolSize: 2, strides: 1, name: 'most' }),
      layers.dropout({ rate: 0.5, name: 'drop' }),
      layers.flatten({ name: 'flat' }),
      layers.dense({ units: 5, activation: 'sigmoid', name: 'last' }),
    ],
  });
}

/** An encoder of what exporters stumble over: strides longer than their windows, a vector added to pictures. */
export function oddEncoder(): LayersModel {
  const x = input({ shape: [10, 11, 3] });
  const pooled = layers
    .maxPooling2d({ poolSize: 2, strides: [3, 5], padding: 'same', name: 'sparse' })
    .apply(x) as SymbolicTensor;
  const means = layers.globalAveragePooling2d({ name: 'means' }).apply(x) as SymbolicTensor;
  const sum = layers.add({ name: 'sum' }).apply([pooled, means]) as SymbolicTensor;
  const averages = layers
    .averagePooling2d({ poolSize: [1, 2], strides: 3, padding: 'same', name: 'averages' })
    .apply(sum) as SymbolicTensor;
  return model({ inputs: x, outputs: layers.flatten({ name: 'flat' }).apply(averages) as SymbolicTensor });
}

/** An encoder whose maps and vectors are joined, as those of a read-out are. */
export function joinedEncoder(): LayersModel {
  const x = input({ shape: [10, 11, 3] });
  const apply = (layer: AnyLayer, to: SymbolicTensor | SymbolicTensor[]) => layer.apply(to) as SymbolicTensor;
  const thin = apply(layers.conv2d({ filters: 2, kernelSize: 3, name: 'thin' }), x);
  const wide = apply(layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu', name: 'wide' }), x);
  const maps = apply(layers.concatenate({ name: 'maps' }), [thin, wide]);
  const cells = apply(
    layers.averagePooling2d({ poolSize: [4, 5], strides: [4, 4], padding: 'valid', name: 'cells' }),
    maps,
  );
  const flat = apply(layers.flatten({ name: 'flat' }), cells);
  const means = apply(layers.globalAveragePooling2d({ name: 'means' }), wide);
  const both = apply(layers.concatenate({ axis: 1, name: 'both' }), [flat, means]);
  return model({ inputs: x, outputs: apply(layers.dense({ units: 5, name: 'last' }), both) });
}
