import {
  add,
  backend_util,
  concat,
  type KernelFunc,
  pad,
  reshape,
  slice,
  type Tensor,
  type TensorInfo,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { asTensor, ownTensor } from '../../module/as-tensor.js';
import { conv2DBackpropFilter, conv2DBackpropInput } from './convolution.js';

/*
 * The gradients of a convolution of volumes. Those of tfjs's wasm backend give wrong values: that for the input always, that
 * for the filter with strides. Each plane of the filter is a convolution of pictures, whose kernels compute them here.
 */

type Shape5D = [number, number, number, number, number];
type Info = backend_util.Conv3DInfo;

interface Attributes {
  strides: [number, number, number] | number;
  pad: 'valid' | 'same';
}

function infoOf(xShape: number[], filterShape: number[], { strides, pad }: Attributes): Info {
  return backend_util.computeConv3DInfo(xShape as Shape5D, filterShape as Shape5D, strides, 1, pad);
}

/** Attributes of the convolution of pictures by one plane of the filter. */
function planeAttributes({ strideHeight, strideWidth, padInfo }: Info): object {
  const sides = [
    [0, 0],
    [padInfo.top, padInfo.bottom],
    [padInfo.left, padInfo.right],
    [0, 0],
  ];
  return { strides: [strideHeight, strideWidth], pad: sides };
}

/** Pictures of a volume of gradients: one for each output depth. */
function gradientPictures(dy: TensorInfo, info: Info): Tensor {
  return reshape(asTensor(dy), [
    info.batchSize * info.outDepth,
    info.outHeight,
    info.outWidth,
    info.outChannels,
  ]);
}

/** Planes `offset`, `offset + stride`, ... of `[N, depth, area]`, with zeros outside: `[N, count, area]`. */
function takePlanes(volume: Tensor, offset: number, stride: number, count: number): Tensor {
  const [batch, depth, area] = volume.shape as [number, number, number];
  const before = Math.max(0, -offset);
  const after = Math.max(0, offset + count * stride - depth);
  const padded = pad(volume, [
    [0, 0],
    [before, after],
    [0, 0],
  ]);
  const span = slice(padded, [0, offset + before, 0], [batch, count * stride, area]);
  const groups = reshape(span, [batch, count, stride, area]);
  return reshape(slice(groups, [0, 0, 0, 0], [batch, count, 1, area]), [batch, count, area]);
}

/** The transpose of {@link takePlanes}: puts `[N, count, area]` into `[N, depth, area]`, and leaves out what is outside. */
function putPlanes(planes: Tensor, offset: number, stride: number, depth: number): Tensor {
  const [batch, count, area] = planes.shape as [number, number, number];
  const groups = pad(reshape(planes, [batch, count, 1, area]), [
    [0, 0],
    [0, 0],
    [0, stride - 1],
    [0, 0],
  ]);
  const before = Math.max(0, offset);
  const after = Math.max(0, depth - offset - count * stride);
  const padded = pad(reshape(groups, [batch, count * stride, area]), [
    [0, 0],
    [before, after],
    [0, 0],
  ]);
  return slice(padded, [0, before - offset, 0], [batch, depth, area]);
}

/** Conv3DBackpropInputV2. */
export const conv3DBackpropInput: KernelFunc = (call) => {
  const { dy, filter } = call.inputs as { dy: TensorInfo; filter: TensorInfo };
  const attributes = call.attrs as unknown as Attributes & { inputShape: number[] };
  const info = infoOf(attributes.inputShape, filter.shape, attributes);
  return tidy(() => {
    const { batchSize, inDepth, inHeight, inWidth, inChannels, outDepth } = info;
    const gradients = gradientPictures(dy, info);
    const taps = reshape(asTensor(filter), [info.filterDepth, -1]);
    const inputShape = [batchSize * outDepth, inHeight, inWidth, inChannels];
    const area = inHeight * inWidth * inChannels;
    let total: Tensor = zeros([batchSize, inDepth, area]);
    for (let depth = 0; depth < info.filterDepth; depth++) {
      const plane = reshape(slice(taps, [depth, 0], [1, -1]), filter.shape.slice(1));
      const inputs = { dy: gradients, filter: plane };
      const attrs = { ...planeAttributes(info), inputShape } as never;
      const part = ownTensor(conv2DBackpropInput({ ...call, inputs, attrs }) as TensorInfo);
      const planes = reshape(part, [batchSize, outDepth, area]);
      total = add(total, putPlanes(planes, depth - info.padInfo.front, info.strideDepth, inDepth));
    }
    return reshape(total, info.inShape);
  });
};

/** Conv3DBackpropFilterV2. */
export const conv3DBackpropFilter: KernelFunc = (call) => {
  const { x, dy } = call.inputs as { x: TensorInfo; dy: TensorInfo };
  const attributes = call.attrs as unknown as Attributes & { filterShape: number[] };
  const info = infoOf(x.shape, attributes.filterShape, attributes);
  return tidy(() => {
    const { batchSize, inDepth, inHeight, inWidth, inChannels, outDepth } = info;
    const gradients = gradientPictures(dy, info);
    const volume = reshape(asTensor(x), [batchSize, inDepth, inHeight * inWidth * inChannels]);
    const filterShape = attributes.filterShape.slice(1);
    const planes = Array.from({ length: info.filterDepth }, (_, depth) => {
      const taken = takePlanes(volume, depth - info.padInfo.front, info.strideDepth, outDepth);
      const pictures = reshape(taken, [batchSize * outDepth, inHeight, inWidth, inChannels]);
      const inputs = { x: pictures, dy: gradients };
      const attrs = { ...planeAttributes(info), filterShape } as never;
      const part = ownTensor(conv2DBackpropFilter({ ...call, inputs, attrs }) as TensorInfo);
      return reshape(part, [1, ...filterShape]);
    });
    return concat(planes, 0);
  });
};
