import type { backend_util, KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { kernelModule, kinds } from '../../module/kernel-module.js';
import { addressOf, isEmpty, makeFilled, makeOutput } from '../../module/tensor-address.js';
import { type ConvolutionAttributes, convolutionInfo } from './convolution-info.js';
import { type Axis, type GatherSource, gather, multiply, multiplyOverPixels } from './gathered-product.js';
import { multiplyParts } from './region-products.js';
import { suitsWinograd, winogradConvolution, winogradFilterGradient } from './winograd.js';

type Info = backend_util.Conv2DInfo;

/** Padding needs no working memory; the least that a block holds. */
const noScratch = 64;

/** With fewer channels than this a row of taps is gathered at once: vectors of three colours are mostly empty. */
const fewChannels = 16;

/** The input's pixels around each output pixel, as rows of a product. */
interface InputTaps {
  gathered: number;
  tapsY: number;
  tapsX: number;
  /** Values at each tap. */
  channels: number;
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
    { grid: outHeight, rowStep: strideHeight, origin: -padInfo.top, tapStep: 1, taps: filterHeight },
    { grid: outWidth, rowStep: strideWidth, origin: -padInfo.left, tapStep: 1, taps: filterWidth },
  ];
}

function gatherInput(x: TensorInfo, info: Info): InputTaps {
  const { inChannels, filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = info;
  const [y, columns] = inputAxes(info);
  if (inChannels >= fewChannels || filterWidth === 1) {
    const gathered = gather(inputSource(x, info), y, columns);
    return { gathered, tapsY: filterHeight, tapsX: filterWidth, channels: inChannels };
  }
  // With zeros around the pictures the values under a row of the filter lie side by side.
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
  module.dispatch(kinds.padPictures, padding, info.batchSize, noScratch);
  const channels = filterWidth * inChannels;
  const source = { address: padded, height, width, channels, pixelStride: inChannels };
  const gathered = gather(source, { ...y, origin: 0 }, { ...columns, origin: 0, taps: 1 });
  return { gathered, tapsY: filterHeight, tapsX: 1, channels };
}

function forward(x: TensorInfo, filter: TensorInfo, info: Info): TensorInfo {
  const output = makeOutput(info.outShape);
  const { outChannels, inChannels, filterWidth } = info;
  if (inChannels < fewChannels && filterWidth > 1) {
    const { gathered, tapsY, tapsX, channels } = gatherInput(x, info);
    const tapValues = channels * outChannels;
    multiply({
      gathered,
      rows: info.batchSize * info.outHeight * info.outWidth,
      columns: outChannels,
      depth: tapsY * tapsX * channels,
      output: addressOf(output),
      filter: {
        source: addressOf(filter),
        tapDepth: channels,
        tapsY,
        tapsX,
        tapOrigin: 0,
        tapStepY: tapsX * tapValues,
        tapStepX: tapValues,
        strideK: outChannels,
        strideColumn: 1,
      },
    });
    return output;
  }
  const tapValues = inChannels * outChannels;
  multiplyParts({
    source: inputSource(x, info),
    axes: inputAxes(info),
    pictures: info.batchSize,
    columns: outChannels,
    output: addressOf(output),
    outputSize: [info.outHeight, info.outWidth],
    outputStep: [1, 1],
    outputOrigin: [0, 0],
    filter: {
      address: addressOf(filter),
      channels: inChannels,
      first: 0,
      steps: [filterWidth * tapValues, tapValues],
      channelStep: outChannels,
      columnStep: 1,
    },
  });
  return output;
}

/** The taps that reach the input's pixels of one remainder modulo the stride. */
function phaseAxis(phase: number, size: number, stride: number, padding: number, kernel: number) {
  const firstTap = (phase + padding) % stride;
  const grid = Math.ceil((size - phase) / stride);
  const taps = Math.max(0, Math.ceil((kernel - firstTap) / stride));
  const axis: Axis = { grid, rowStep: 1, origin: (phase + padding - firstTap) / stride, tapStep: -1, taps };
  return { firstTap, axis };
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
  const tapValues = inChannels * outChannels;
  const rowValues = filterWidth * tapValues;
  for (let phaseY = 0; phaseY < Math.min(strideHeight, info.inHeight); phaseY++) {
    for (let phaseX = 0; phaseX < Math.min(strideWidth, info.inWidth); phaseX++) {
      const y = phaseAxis(phaseY, info.inHeight, strideHeight, padInfo.top, filterHeight);
      const x = phaseAxis(phaseX, info.inWidth, strideWidth, padInfo.left, filterWidth);
      multiplyParts({
        source,
        axes: [y.axis, x.axis],
        pictures: info.batchSize,
        columns: inChannels,
        output: addressOf(output),
        outputSize: [info.inHeight, info.inWidth],
        outputStep: [strideHeight, strideWidth],
        outputOrigin: [phaseY, phaseX],
        filter: {
          address: addressOf(filter),
          channels: outChannels,
          first: y.firstTap * rowValues + x.firstTap * tapValues,
          steps: [strideHeight * rowValues, strideWidth * tapValues],
          channelStep: 1,
          columnStep: outChannels,
        },
      });
    }
  }
  return output;
}

function filterGradient(x: TensorInfo, dy: TensorInfo, info: Info): TensorInfo {
  const output = makeOutput(info.filterShape);
  const { gathered, tapsY, tapsX, channels } = gatherInput(x, info);
  multiplyOverPixels({
    gathered,
    taps: tapsY * tapsX,
    channels,
    gradient: addressOf(dy),
    output: addressOf(output),
    pixels: info.batchSize * info.outHeight * info.outWidth,
    outputs: info.outChannels,
  });
  return output;
}

type Shape4D = [number, number, number, number];

// Where one of two factors has no values the sum of their products is zero: the three begin with that.

/** Conv2D: a product of gathered pixels with the filter. */
export const conv2D: KernelFunc = ({ inputs, attrs }) => {
  const { x, filter } = inputs as { x: TensorInfo; filter: TensorInfo };
  const attributes = attrs as unknown as ConvolutionAttributes;
  const info = convolutionInfo(x.shape as Shape4D, filter.shape as Shape4D, attributes);
  if (isEmpty(x) || isEmpty(filter)) return makeFilled(info.outShape, 0);
  return suitsWinograd(info) ? winogradConvolution(x, filter, info, 'forward') : forward(x, filter, info);
};

/**
 * Conv2DBackpropInput: a product of gathered output gradients with the turned filter, one for each remainder of the
 * pixels modulo the stride, so that no zeros are multiplied.
 */
export const conv2DBackpropInput: KernelFunc = ({ inputs, attrs }) => {
  const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
  const attributes = attrs as unknown as ConvolutionAttributes & { inputShape: Shape4D };
  const info = convolutionInfo(attributes.inputShape, filter.shape as Shape4D, attributes);
  if (isEmpty(dy) || isEmpty(filter)) return makeFilled(info.inShape, 0);
  return suitsWinograd(info)
    ? winogradConvolution(dy, filter, info, 'backward')
    : inputGradient(dy, filter, info);
};

/** Conv2DBackpropFilter: for each tap, gathered pixels times output gradients, summed over all pixels. */
export const conv2DBackpropFilter: KernelFunc = ({ inputs, attrs }) => {
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const attributes = attrs as unknown as ConvolutionAttributes & { filterShape: Shape4D };
  const info = convolutionInfo(x.shape as Shape4D, attributes.filterShape, attributes);
  if (isEmpty(x) || isEmpty(dy)) return makeFilled(info.filterShape, 0);
  return suitsWinograd(info) ? winogradFilterGradient(x, dy, info) : filterGradient(x, dy, info);
};
