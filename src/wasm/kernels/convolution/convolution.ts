import { type backend_util, type KernelFunc, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { kernelModule, kinds } from '../../module/kernel-module.js';
import { addressOf, isEmpty, makeFilled, makeOutput } from '../../module/tensor-address.js';
import { type ConvolutionAttributes, convolutionInfo } from './convolution-info.js';
import { changingFilter, type Filter, type Finish, noFinish } from './filter.js';
import {
  type Axis,
  type GatherSource,
  gather,
  multiply,
  multiplyInParts,
  multiplyOverPixels,
} from './gathered-product.js';
import { multiplyRegions } from './region-products.js';
import { suitsWinograd, winogradConvolution, winogradFilterGradient } from './winograd.js';

type Info = backend_util.Conv2DInfo;

/** With fewer channels than this, a whole row of the filter is gathered at once: a vector of three colors is mostly empty. */
const fewChannels = 16;

/** Filters of at most so many values have their gradient summed in parts: the sums of a part then stay in a core's cache. */
const valuesOfParts = 32_768;

/** The input pixels that each output pixel depends on, as rows of a product. */
interface InputPatches {
  gathered: number;
  filterHeight: number;
  filterWidth: number;
  /** Values at each filter position. */
  channels: number;
  /** Whether all filter positions are inside the pictures: the filter is 1x1, or the pictures have zeros around them. */
  isInside: boolean;
}

function inputSource(x: TensorInfo, info: Info): GatherSource {
  return { address: addressOf(x), height: info.inHeight, width: info.inWidth, channels: info.inChannels };
}

function inputAxes({
  outHeight,
  outWidth,
  strideHeight,
  strideWidth,
  filterHeight,
  filterWidth,
  padInfo,
}: Info): [Axis, Axis] {
  return [
    { outSize: outHeight, stride: strideHeight, offset: -padInfo.top, dilation: 1, filterSize: filterHeight },
    { outSize: outWidth, stride: strideWidth, offset: -padInfo.left, dilation: 1, filterSize: filterWidth },
  ];
}

const isUnpadded = ({ top, left, bottom, right }: Info['padInfo']) => top + left + bottom + right === 0;

function gatherInput(x: TensorInfo, info: Info): InputPatches {
  const { inChannels, filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = info;
  const [yAxis, xAxis] = inputAxes(info);
  if (inChannels >= fewChannels || filterWidth === 1) {
    const gathered = gather(inputSource(x, info), yAxis, xAxis);
    const isInside = filterHeight === 1 && filterWidth === 1 && isUnpadded(padInfo);
    return { gathered, filterHeight, filterWidth, channels: inChannels, isInside };
  }
  // With zeros around the pictures, the values under a row of the filter are contiguous.
  const height = Math.max(padInfo.top + info.inHeight, (info.outHeight - 1) * strideHeight + filterHeight);
  const width = Math.max(padInfo.left + info.inWidth, (info.outWidth - 1) * strideWidth + filterWidth);
  const module = kernelModule();
  const padded = module.block('padded', info.batchSize * height * width * inChannels * 4);
  const padding = module.structure('Padding', {
    source: addressOf(x),
    to: padded,
    height: info.inHeight,
    width: info.inWidth,
    channels: inChannels,
    top: padInfo.top,
    left: padInfo.left,
    paddedHeight: height,
    paddedWidth: width,
  });
  module.dispatch(kinds.padPictures, padding, info.batchSize);
  const channels = filterWidth * inChannels;
  const source = { address: padded, height, width, channels, pixelStride: inChannels };
  const gathered = gather(source, { ...yAxis, offset: 0 }, { ...xAxis, offset: 0, filterSize: 1 });
  return { gathered, filterHeight, filterWidth: 1, channels, isInside: true };
}

/** The convolution as a product of gathered pixels with the filter. */
function gatheredConvolution(
  x: TensorInfo,
  filter: Filter,
  info: Info,
  output: TensorInfo,
  finish: Finish,
): void {
  const { outChannels, inChannels } = info;
  if (inChannels < fewChannels && info.filterWidth > 1) {
    const { gathered, filterHeight, filterWidth, channels } = gatherInput(x, info);
    const positionValues = channels * outChannels;
    multiply({
      gathered,
      rows: info.batchSize * info.outHeight * info.outWidth,
      columns: outChannels,
      depth: filterHeight * filterWidth * channels,
      output: addressOf(output),
      filter,
      finish,
      part: {
        channels,
        filterHeight,
        filterWidth,
        offset: 0,
        strideY: filterWidth * positionValues,
        strideX: positionValues,
        strideChannel: outChannels,
        strideColumn: 1,
      },
    });
    return;
  }
  const positionValues = inChannels * outChannels;
  multiplyRegions({
    source: inputSource(x, info),
    axes: inputAxes(info),
    pictures: info.batchSize,
    columns: outChannels,
    output: addressOf(output),
    outputSize: [info.outHeight, info.outWidth],
    outputStride: [1, 1],
    outputOffset: [0, 0],
    filter,
    finish,
    part: {
      channels: inChannels,
      offset: 0,
      strides: [info.filterWidth * positionValues, positionValues],
      channelStride: outChannels,
      columnStride: 1,
    },
  });
}

/** The input pixels whose index is `phase` modulo the stride, and the filter positions that contribute to their gradient. */
function phaseAxis(phase: number, size: number, stride: number, padding: number, kernelSize: number) {
  const firstPosition = (phase + padding) % stride;
  const axis: Axis = {
    outSize: Math.ceil((size - phase) / stride),
    stride: 1,
    offset: (phase + padding - firstPosition) / stride,
    dilation: -1,
    filterSize: Math.max(0, Math.ceil((kernelSize - firstPosition) / stride)),
  };
  return { firstPosition, axis };
}

function inputGradient(dy: TensorInfo, filter: TensorInfo, info: Info): TensorInfo {
  const output = makeOutput(info.inShape);
  const { inChannels, outChannels, strideHeight, strideWidth, filterHeight, filterWidth, padInfo } = info;
  const source = {
    address: addressOf(dy),
    height: info.outHeight,
    width: info.outWidth,
    channels: outChannels,
  };
  const positionValues = inChannels * outChannels;
  const rowValues = filterWidth * positionValues;
  for (let phaseY = 0; phaseY < Math.min(strideHeight, info.inHeight); phaseY++) {
    for (let phaseX = 0; phaseX < Math.min(strideWidth, info.inWidth); phaseX++) {
      const y = phaseAxis(phaseY, info.inHeight, strideHeight, padInfo.top, filterHeight);
      const x = phaseAxis(phaseX, info.inWidth, strideWidth, padInfo.left, filterWidth);
      multiplyRegions({
        source,
        axes: [y.axis, x.axis],
        pictures: info.batchSize,
        columns: inChannels,
        output: addressOf(output),
        outputSize: [info.inHeight, info.inWidth],
        outputStride: [strideHeight, strideWidth],
        outputOffset: [phaseY, phaseX],
        filter: changingFilter(addressOf(filter)),
        part: {
          channels: outChannels,
          offset: y.firstPosition * rowValues + x.firstPosition * positionValues,
          strides: [strideHeight * rowValues, strideWidth * positionValues],
          channelStride: 1,
          columnStride: outChannels,
        },
      });
    }
  }
  return output;
}

function filterGradient(x: TensorInfo, dy: TensorInfo, info: Info): TensorInfo {
  const output = makeOutput(info.filterShape);
  const { gathered, filterHeight, filterWidth, channels, isInside } = gatherInput(x, info);
  const multiplyPixels =
    isInside && util.sizeFromShape(info.filterShape) <= valuesOfParts ? multiplyInParts : multiplyOverPixels;
  multiplyPixels({
    gathered,
    filterPositions: filterHeight * filterWidth,
    channels,
    gradient: addressOf(dy),
    output: addressOf(output),
    pixels: info.batchSize * info.outHeight * info.outWidth,
    outputs: info.outChannels,
  });
  return output;
}

type Shape4D = [number, number, number, number];

// When either factor is empty, all three kernels return zeros: a sum of no products.

/** Conv2D, as a product of gathered pixels with the filter. */
export const conv2D: KernelFunc = ({ inputs, attrs }) => {
  const { x, filter } = inputs as { x: TensorInfo; filter: TensorInfo };
  const attributes = attrs as unknown as ConvolutionAttributes;
  const info = convolutionInfo(x.shape as Shape4D, filter.shape as Shape4D, attributes);
  if (isEmpty(x) || isEmpty(filter)) return makeFilled(info.outShape, 0);
  return convolve(x, changingFilter(addressOf(filter)), info);
};

/** The convolution of a tensor that is not empty, and what follows it. */
export function convolve(x: TensorInfo, filter: Filter, info: Info, finish = noFinish): TensorInfo {
  const output = makeOutput(info.outShape);
  if (suitsWinograd(info)) winogradConvolution(x, filter, info, 'forward', output, finish);
  else gatheredConvolution(x, filter, info, output, finish);
  return output;
}

/**
 * Conv2DBackpropInput, as products of gathered output gradients with the rotated filter: one for each remainder of the input
 * pixels modulo the stride, so that no zeros are multiplied.
 */
export const conv2DBackpropInput: KernelFunc = ({ inputs, attrs }) => {
  const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
  const attributes = attrs as unknown as ConvolutionAttributes & { inputShape: Shape4D };
  const info = convolutionInfo(attributes.inputShape, filter.shape as Shape4D, attributes);
  if (isEmpty(dy) || isEmpty(filter)) return makeFilled(info.inShape, 0);
  if (!suitsWinograd(info)) return inputGradient(dy, filter, info);
  const output = makeOutput(info.inShape);
  winogradConvolution(dy, changingFilter(addressOf(filter)), info, 'backward', output);
  return output;
};

/** Conv2DBackpropFilter: for each filter position, the sum over all pixels of gathered pixels times output gradients. */
export const conv2DBackpropFilter: KernelFunc = ({ inputs, attrs }) => {
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const attributes = attrs as unknown as ConvolutionAttributes & { filterShape: Shape4D };
  const info = convolutionInfo(x.shape as Shape4D, attributes.filterShape, attributes);
  if (isEmpty(x) || isEmpty(dy)) return makeFilled(info.filterShape, 0);
  return suitsWinograd(info) ? winogradFilterGradient(x, dy, info) : filterGradient(x, dy, info);
};
