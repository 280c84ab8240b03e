import { type KernelFunc, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { kernelModule } from '../../module/kernel-module.js';
import { addressOf } from '../../module/tensor-address.js';
import { multiplyByChannels } from '../elementwise.js';
import { convolve } from './convolution.js';
import { type ConvolutionAttributes, convolutionInfo } from './convolution-info.js';
import type { Filter } from './filter.js';

type Shape4D = [number, number, number, number];

interface Inputs {
  x: TensorInfo;
  filter: TensorInfo;
  bias?: TensorInfo;
  mean?: TensorInfo;
  variance?: TensorInfo;
  gamma?: TensorInfo;
  beta?: TensorInfo;
  residual?: TensorInfo;
}

type Attributes = ConvolutionAttributes & { epsilon: number; floor: number; ceiling: number };

/** SimCLRFoldedConv2D: see src/tensors/convolution/folded-convolution.ts. */
export const foldedConvolution: KernelFunc = ({ inputs, attrs }) => {
  const { x, residual, ...weights } = inputs as unknown as Inputs;
  const { floor, ceiling, epsilon, ...attributes } = attrs as unknown as Attributes;
  const info = convolutionInfo(x.shape as Shape4D, weights.filter.shape as Shape4D, attributes);
  return kernelModule().derived.keeping(() => {
    const { filter, shift } = foldedFilter(weights, epsilon);
    const finish = { shift, residual: residual ? addressOf(residual) : 0, floor, ceiling };
    return convolve(x, filter, info, finish);
  });
};

type Weights = Omit<Inputs, 'x' | 'residual'>;

/** The filter times the scale of each channel, in the layouts that kernels read, and the shift: kept until one changes. */
function foldedFilter(weights: Weights, epsilon: number) {
  const module = kernelModule();
  const { filter, mean } = weights;
  const channels = filter.shape[3]!;
  const given = Object.entries(weights).filter(([, tensor]) => tensor !== undefined);
  const sources = given.map(([, { dataId }]) => dataId);
  // Names too, because a tensor may be left out, and another be two of them.
  const names = `${given.map(([name]) => name)} ${epsilon} ${filter.shape}`;
  const kept = (layout: string, bytes: number, write: (to: number) => void) =>
    module.derived.get(sources, `${layout} ${names}`, bytes, write);
  for (const tensor of Object.values(weights)) if (tensor) addressOf(tensor); // moves it here from another backend
  /** Two rows: scale and shift of each channel. */
  const factors = () =>
    kept('factors', 2 * channels * 4, (to) => writeFactors(weights, epsilon, channels, to));
  const folded: Filter = {
    values() {
      if (!mean) return addressOf(filter);
      const to = module.block('foldedFilter', util.sizeFromShape(filter.shape) * 4);
      multiplyByChannels(addressOf(filter), factors(), util.sizeFromShape(filter.shape), channels, to);
      return to;
    },
    arranged: (block, layout, bytes, write) => kept(`${block} ${layout}`, bytes, write),
  };
  return { filter: folded, shift: factors() + channels * 4 };
}

/** Writes scale and shift of each channel: what precedes the residual is scale * convolution + shift. */
function writeFactors(weights: Weights, epsilon: number, channels: number, to: number): void {
  const module = kernelModule();
  const factors = module.floats(to, 2 * channels);
  const valuesOf = (tensor: TensorInfo | undefined) => tensor && module.floats(addressOf(tensor), channels);
  const bias = valuesOf(weights.bias);
  const mean = valuesOf(weights.mean);
  const variance = valuesOf(weights.variance);
  const gamma = valuesOf(weights.gamma);
  const beta = valuesOf(weights.beta);
  for (let channel = 0; channel < channels; channel++) {
    const deviation = variance ? Math.sqrt(variance[channel]! + epsilon) : 1;
    const scale = (gamma?.[channel] ?? 1) / deviation;
    const offset = (bias?.[channel] ?? 0) - (mean?.[channel] ?? 0);
    factors[channel] = scale;
    factors[channels + channel] = offset * scale + (beta?.[channel] ?? 0);
  }
}
