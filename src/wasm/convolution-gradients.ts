import {
  backend_util,
  concat,
  conv2d,
  getKernel,
  type KernelFunc,
  pad,
  reshape,
  slice,
  type Tensor4D,
  type TensorInfo,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { asTensor } from './as-tensor.js';

type Shape4D = [number, number, number, number];
type ConvolutionInfo = ReturnType<typeof backend_util.computeConv2DInfo>;

interface ConvolutionGradientAttributes {
  strides: [number, number] | number;
  pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  dataFormat?: 'NHWC' | 'NCHW';
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

function convolutionInfo(
  xShape: Shape4D,
  filterShape: Shape4D,
  attributes: ConvolutionGradientAttributes,
): ConvolutionInfo {
  const { strides, pad, dimRoundingMode } = attributes;
  return backend_util.computeConv2DInfo(
    xShape,
    filterShape,
    strides,
    1,
    pad,
    dimRoundingMode,
    false,
    'channelsLast',
  );
}

/** Zeros between the rows and columns of `x`, so that a strided gradient becomes a gradient at stride 1. */
function dilate(x: Tensor4D, strideHeight: number, strideWidth: number): Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const rows = pad(reshape(x, [batch * height, 1, width, channels]), [
    [0, 0],
    [0, strideHeight - 1],
    [0, 0],
    [0, 0],
  ]);
  const columns = pad(reshape(rows, [batch * height * strideHeight, width, 1, channels]), [
    [0, 0],
    [0, 0],
    [0, strideWidth - 1],
    [0, 0],
  ]);
  return reshape(columns, [batch, height * strideHeight, width * strideWidth, channels]);
}

/** The filter upside down and back to front, with inputs and outputs exchanged. */
function turn(filter: Tensor4D): Tensor4D {
  const [height, width, inputs, outputs] = filter.shape;
  const taps = height * width;
  if (taps === 1) return transpose(filter, [0, 1, 3, 2]) as Tensor4D;
  // Slices copy whole kernels; wasm's `reverse` and `gather` move single numbers.
  const rows = reshape(filter, [taps, inputs * outputs]);
  const turned = concat(Array.from({ length: taps }, (_, tap) => slice(rows, [taps - 1 - tap, 0], [1, -1])));
  return transpose(reshape(turned, filter.shape), [0, 1, 3, 2]) as Tensor4D;
}

/** Pads or crops the rows and columns of `x` to `before` more at the start and `size` in all. */
function placeIn(x: Tensor4D, before: [number, number], size: [number, number]): Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const top = Math.max(before[0], 0);
  const left = Math.max(before[1], 0);
  const bottom = Math.max(size[0] - before[0] - height, 0);
  const right = Math.max(size[1] - before[1] - width, 0);
  const padded = pad(x, [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]);
  return slice(padded, [0, top - before[0], left - before[1], 0], [batch, size[0], size[1], channels]);
}

/**
 * Gradient of a convolution with respect to its filter, as a convolution: the pictures' channels take the place
 * of the batch, the output's gradient is the filter, and the stride becomes its dilation. The wasm backend has no
 * kernel of its own for it (tensorflow/tfjs#8474), but a fast forward convolution.
 */
export const conv2DBackpropFilter: KernelFunc = ({ inputs, attrs }) => {
  const attributes = attrs as unknown as ConvolutionGradientAttributes & { filterShape: Shape4D };
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  return tidy(() => {
    const { filterShape } = attributes;
    const info = convolutionInfo(x.shape as Shape4D, filterShape, attributes);
    const rows = (info.outHeight - 1) * info.strideHeight + info.filterHeight;
    const columns = (info.outWidth - 1) * info.strideWidth + info.filterWidth;
    const padded = placeIn(asTensor<Tensor4D>(x), [info.padInfo.top, info.padInfo.left], [rows, columns]);
    const gradient = conv2d(
      transpose(padded, [3, 1, 2, 0]),
      transpose(asTensor<Tensor4D>(dy), [1, 2, 0, 3]) as Tensor4D,
      1,
      'valid',
      'NHWC',
      [info.strideHeight, info.strideWidth],
    ) as Tensor4D;
    return transpose(gradient, [1, 2, 0, 3]);
  });
};

/**
 * Gradient of a convolution with respect to its input: a convolution of the (dilated) output gradient with the
 * turned filter. The stock kernel is a plain loop, ten times slower.
 */
export const conv2DBackpropInput: KernelFunc = ({ inputs, attrs }) => {
  const attributes = attrs as unknown as ConvolutionGradientAttributes & { inputShape: Shape4D };
  const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
  return tidy(() => {
    const { inputShape } = attributes;
    const info = convolutionInfo(inputShape, filter.shape as Shape4D, attributes);
    const gradient = asTensor<Tensor4D>(dy);
    const spread =
      info.strideHeight * info.strideWidth === 1
        ? gradient
        : dilate(gradient, info.strideHeight, info.strideWidth);
    const size: [number, number] = [
      info.inHeight + info.filterHeight - 1,
      info.inWidth + info.filterWidth - 1,
    ];
    const before: [number, number] = [
      info.filterHeight - 1 - info.padInfo.top,
      info.filterWidth - 1 - info.padInfo.left,
    ];
    return conv2d(placeIn(spread, before, size), turn(asTensor<Tensor4D>(filter)), 1, 'valid');
  });
};

/** `kernel` for NHWC pictures without dilation; anything else goes to the stock kernel, where there is one. */
export function guarded(
  kernelName: string,
  kernel: KernelFunc,
  stock = getKernel(kernelName, 'wasm'),
): KernelFunc {
  return (call) => {
    const { dataFormat } = call.attrs as unknown as ConvolutionGradientAttributes;
    if (dataFormat === undefined || dataFormat === 'NHWC') return kernel(call);
    if (stock) return stock.kernelFunc(call);
    throw new Error(
      `${kernelName}: the wasm backend computes it for NHWC only. Received: dataFormat=${dataFormat}.`,
    );
  };
}
