import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { kernelModule, kinds } from '../../module/kernel-module.js';
import { addressOf, isEmpty, makeFilled, makeOutput } from '../../module/tensor-address.js';
import { type ConvolutionAttributes, convolutionInfo } from '../convolution/convolution-info.js';
import { repeatedChannels, sumOfCopies } from './channel-copies.js';
import { depthwiseFilterGradient } from './filter-gradient.js';

/** Values per task: enough that taking a task costs next to nothing. */
const taskValues = 16384;

const depthwiseInfo = (xShape: number[], filterShape: number[], attributes: ConvolutionAttributes) =>
  convolutionInfo(xShape, filterShape, attributes, { depthwise: true });

/** Along one axis, the pixels to compute, where they are in the output, and the source pixels that their taps read. */
interface Axis {
  size: number;
  outStep: number;
  outOffset: number;
  stride: number;
  offset: number;
  firstTap: number;
  taps: number;
  tapStep: number;
  /** Taps of the filter from one of these taps to the next. */
  filterStep: number;
}

interface Pass {
  /** Address of the source. */
  source: number;
  sourceSize: [height: number, width: number];
  /** Address of the filter. */
  filter: number;
  filterWidth: number;
  /** Address of the output. */
  output: number;
  outSize: [height: number, width: number];
  pictures: number;
  channels: number;
  /** The parts of rows and of columns. */
  axes: [y: Axis[], x: Axis[]];
}

function compute({ filter, filterWidth, channels, outSize, axes: [rows, columns], ...pass }: Pass): void {
  const [outHeight, outWidth] = outSize;
  const taskRows = Math.max(1, Math.floor(taskValues / (outWidth * channels)));
  const parts = rows.flatMap((y) =>
    columns.map((x) => ({
      source: pass.source,
      filter: filter + (y.firstTap * filterWidth + x.firstTap) * channels * 4,
      output: pass.output,
      pictures: pass.pictures,
      height: pass.sourceSize[0],
      width: pass.sourceSize[1],
      channels,
      outHeight,
      outWidth,
      columns: x.size,
      outStepY: y.outStep,
      outStepX: x.outStep,
      outOffsetY: y.outOffset,
      outOffsetX: x.outOffset,
      strideY: y.stride,
      strideX: x.stride,
      offsetY: y.offset,
      offsetX: x.offset,
      tapsY: y.taps,
      tapsX: x.taps,
      tapStepY: y.tapStep,
      tapStepX: x.tapStep,
      filterStepY: y.filterStep * filterWidth * channels,
      filterStepX: x.filterStep * channels,
      taskRows,
      partsY: rows.length,
      partsX: columns.length,
    })),
  );
  const module = kernelModule();
  const work = module.structures('Depthwise', parts);
  module.dispatch(kinds.depthwiseConvolution, work, Math.ceil((pass.pictures * outHeight) / taskRows));
}

function forwardAxes(size: number, stride: number, padding: number, dilation: number, taps: number): Axis[] {
  const whole = { outStep: 1, outOffset: 0, firstTap: 0, filterStep: 1 };
  return [{ ...whole, size, stride, offset: -padding, taps, tapStep: dilation }];
}

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

/** The input pixels by the remainder of their index modulo the stride, and the taps that contribute to their gradient. */
function phaseAxes(size: number, stride: number, padding: number, dilation: number, taps: number): Axis[] {
  const shared = greatestDivisor(stride, dilation);
  const filterStep = stride / shared;
  const candidates = Array.from({ length: Math.min(filterStep, taps) }, (_, tap) => tap);
  return Array.from({ length: Math.min(stride, size) }, (_, phase) => {
    const firstTap = candidates.find((tap) => (phase + padding - tap * dilation) % stride === 0);
    return {
      size: Math.ceil((size - phase) / stride),
      outStep: stride,
      outOffset: phase,
      stride: 1,
      offset: firstTap === undefined ? 0 : (phase + padding - firstTap * dilation) / stride,
      firstTap: firstTap ?? 0,
      taps: firstTap === undefined ? 0 : Math.ceil((taps - firstTap) / filterStep),
      tapStep: -dilation / shared,
      filterStep,
    };
  });
}

/** Without values in a factor or in the result, all three kernels return zeros: sums of no products. */
const anyEmpty = (...tensors: Pick<TensorInfo, 'shape'>[]) => tensors.some(isEmpty);

/** DepthwiseConv2dNative. With several filters per channel, the channels are repeated first. */
export const depthwiseConv2D: KernelFunc = ({ inputs, attrs }) => {
  const { x, filter } = inputs as { x: TensorInfo; filter: TensorInfo };
  const attributes = attrs as unknown as ConvolutionAttributes;
  const info = depthwiseInfo(x.shape, filter.shape, attributes);
  if (anyEmpty(x, filter, { shape: info.outShape })) return makeFilled(info.outShape, 0);
  const output = makeOutput(info.outShape);
  compute({
    source: repeatedChannels(x, info.outChannels / info.inChannels),
    sourceSize: [info.inHeight, info.inWidth],
    filter: addressOf(filter),
    filterWidth: info.filterWidth,
    output: addressOf(output),
    outSize: [info.outHeight, info.outWidth],
    pictures: info.batchSize,
    channels: info.outChannels,
    axes: [
      forwardAxes(
        info.outHeight,
        info.strideHeight,
        info.padInfo.top,
        info.dilationHeight,
        info.filterHeight,
      ),
      forwardAxes(info.outWidth, info.strideWidth, info.padInfo.left, info.dilationWidth, info.filterWidth),
    ],
  });
  return output;
};

/**
 * DepthwiseConv2dNativeBackpropInput, in one part for each remainder of the input pixels modulo the stride, so that no
 * zeros are multiplied.
 */
export const depthwiseConv2DBackpropInput: KernelFunc = ({ inputs, attrs }) => {
  const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
  const attributes = attrs as unknown as ConvolutionAttributes & { inputShape: number[] };
  const info = depthwiseInfo(attributes.inputShape, filter.shape, attributes);
  if (anyEmpty(dy, filter, { shape: info.inShape })) return makeFilled(info.inShape, 0);
  const { strideHeight, strideWidth, padInfo, dilationHeight, dilationWidth } = info;
  const output = makeOutput(info.inShape);
  const copies = info.outChannels / info.inChannels;
  sumOfCopies(output, copies, (to) =>
    compute({
      source: addressOf(dy),
      sourceSize: [info.outHeight, info.outWidth],
      filter: addressOf(filter),
      filterWidth: info.filterWidth,
      output: to,
      outSize: [info.inHeight, info.inWidth],
      pictures: info.batchSize,
      channels: info.outChannels,
      axes: [
        phaseAxes(info.inHeight, strideHeight, padInfo.top, dilationHeight, info.filterHeight),
        phaseAxes(info.inWidth, strideWidth, padInfo.left, dilationWidth, info.filterWidth),
      ],
    }),
  );
  return output;
};

/** DepthwiseConv2dNativeBackpropFilter. */
export const depthwiseConv2DBackpropFilter: KernelFunc = ({ inputs, attrs }) => {
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const attributes = attrs as unknown as ConvolutionAttributes & { filterShape: number[] };
  const info = depthwiseInfo(x.shape, attributes.filterShape, attributes);
  if (anyEmpty(x, dy, { shape: info.filterShape })) return makeFilled(info.filterShape, 0);
  const output = makeOutput(info.filterShape);
  const copies = info.outChannels / info.inChannels;
  depthwiseFilterGradient(repeatedChannels(x, copies), addressOf(dy), addressOf(output), info);
  return output;
};
