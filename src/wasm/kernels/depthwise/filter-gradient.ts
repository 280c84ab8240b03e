import type { backend_util } from '@tensorflow/tfjs-core';
import { kernelModule, kinds } from '../../module/kernel-module.js';

/** Output pixels per block: few enough to be summed in float32. */
const blockPixels = 1024;
/** With fewer blocks, a task is only some channels of a block. */
const minTasks = 32;
/** The least channels of a task. */
const minChannels = 64;

/** The gradient for the filter, from the addresses of an input with as many channels as the output, and of a gradient. */
export function depthwiseFilterGradient(
  input: number,
  gradient: number,
  result: number,
  info: backend_util.Conv2DInfo,
): void {
  const { outChannels: channels, filterHeight, filterWidth, outHeight, outWidth } = info;
  const taps = filterHeight * filterWidth;
  const blockRows = Math.max(1, Math.floor(blockPixels / outWidth));
  const blocks = Math.ceil((info.batchSize * outHeight) / blockRows);
  const parts = Math.min(Math.ceil(minTasks / blocks), Math.ceil(channels / minChannels));
  const taskChannels = minChannels * Math.ceil(channels / (minChannels * parts));
  const module = kernelModule();
  const work = module.structure('DepthwiseFilterGradient', {
    input,
    gradient,
    partials: module.block('depthwisePartials', blocks * taps * channels * 4),
    result,
    pictures: info.batchSize,
    height: info.inHeight,
    width: info.inWidth,
    channels,
    outHeight,
    outWidth,
    filterHeight,
    filterWidth,
    strideY: info.strideHeight,
    strideX: info.strideWidth,
    dilationY: info.dilationHeight,
    dilationX: info.dilationWidth,
    padTop: info.padInfo.top,
    padLeft: info.padInfo.left,
    blockRows,
    blocks,
    taskChannels,
  });
  module.dispatch(kinds.depthwiseFilterBlocks, work, blocks * Math.ceil(channels / taskChannels));
  module.dispatch(kinds.combineDepthwiseFilter, work, taps);
}
