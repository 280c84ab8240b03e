import { layers } from '@tensorflow/tfjs-layers';
import { type Activation, activations, type FoldedConvolutionOptions } from '../../tensors/index.js';
import type { AnyLayer } from '../layer-graph.js';
import { BatchNormalization } from '../layers/batch-normalization.js';
import { PaddedConv2D } from '../layers/padded-conv2d.js';
import { axesOf, type Padding, planPadding } from '../layers/padding.js';

/** A layer that is a convolution, and how it runs. */
export interface Convolution {
  layer: AnyLayer;
  strides: number;
  /** Padding of pictures of a size. */
  padOf(size: readonly [number, number]): FoldedConvolutionOptions['pad'];
  /** What the layer applies itself. */
  activation: Activation | undefined;
}

/** A layer that can follow a convolution in one operation with it. */
export interface Follower {
  /** Whether it normalizes its first input by running statistics. All of them add a second input, if there is one. */
  normalizes: boolean;
  activation: Activation | undefined;
}

/** Names of layers of tfjs-layers that are folded, with what makes one. */
const stock: Readonly<Record<string, () => AnyLayer>> = {
  Activation: () => layers.activation({ activation: 'relu', name: 'example' }),
  Add: () => layers.add({ name: 'example' }),
  BatchNormalization: () => layers.batchNormalization({ name: 'example' }),
  Conv2D: () => layers.conv2d({ filters: 1, kernelSize: 1, name: 'example' }),
  ReLU: () => layers.reLU({ name: 'example' }),
};

/** Whether a layer computes what the class of this name computes, and no subclass or instance computes something else. */
function isExactly(layer: AnyLayer, kind: string): boolean {
  if (layer.getClassName() !== kind) return false;
  if (kind === BatchNormalization.className) return layer.call === BatchNormalization.prototype.call;
  if (kind === PaddedConv2D.className) return layer.call === PaddedConv2D.prototype.call;
  return layer.call === stock[kind]!().call;
}

/** What {@link Convolution} says of a layer, if it is one whose result can be folded. */
export function convolutionOf(layer: AnyLayer): Convolution | undefined {
  if (isExactly(layer, PaddedConv2D.className)) {
    const { kernelSize, strides, padding } = layer.getConfig() as {
      kernelSize: number;
      strides: number;
      padding: Padding;
    };
    const window = { kernelSize, stride: strides };
    const padOf: Convolution['padOf'] = (size) => {
      const plan = planPadding(size, [window, window], axesOf(padding));
      return plan.pad ?? plan.mode;
    };
    return { layer, strides, padOf, activation: undefined };
  }
  if (!isExactly(layer, 'Conv2D')) return undefined;
  const config = layer.getConfig() as {
    strides: [number, number];
    padding: 'same' | 'valid';
    dataFormat: string;
    dilationRate: [number, number];
    activation: string;
  };
  const { strides, padding, dataFormat, dilationRate, activation } = config;
  const [stride, other] = strides;
  const isPlain =
    dataFormat === 'channelsLast' && stride === other && dilationRate.every((rate) => rate === 1);
  const own = activationOf(activation);
  if (!isPlain || own === 'other') return undefined;
  return {
    layer,
    strides: stride,
    padOf: () => padding,
    activation: own,
  };
}

/** What {@link Follower} says of a layer, if it is one. */
export function followerOf(layer: AnyLayer): Follower | undefined {
  if (isExactly(layer, BatchNormalization.className)) {
    const { activation } = layer.getConfig() as { activation: Activation | null };
    return { normalizes: true, activation: activation ?? undefined };
  }
  if (isExactly(layer, 'BatchNormalization')) {
    const isOverChannels = [3, -1].includes(layer.getConfig().axis as number);
    return isOverChannels ? { normalizes: true, activation: undefined } : undefined;
  }
  if (isExactly(layer, 'Add')) return { normalizes: false, activation: undefined };
  if (isExactly(layer, 'Activation')) {
    const activation = activationOf(layer.getConfig().activation as string);
    return activation === 'other' ? undefined : { normalizes: false, activation };
  }
  if (!isExactly(layer, 'ReLU')) return undefined;
  const { maxValue } = layer.getConfig() as { maxValue?: number | null };
  if (maxValue == null) return { normalizes: false, activation: 'relu' };
  return maxValue === 6 ? { normalizes: false, activation: 'relu6' } : undefined;
}

/** One of {@link activations}, nothing for 'linear', and `'other'` for what cannot be folded. */
function activationOf(name: string): Activation | undefined | 'other' {
  if (name === 'linear') return undefined;
  return activations.find((activation) => activation === name) ?? 'other';
}
