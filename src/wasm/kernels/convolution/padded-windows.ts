import {
  engine,
  type GradConfig,
  type KernelFunc,
  type NamedAttrMap,
  type Tensor,
} from '@tensorflow/tfjs-core';
import { paddedKernels } from '../../../tensors/convolution/padded-windows.js';
import {
  depthwiseConv2D,
  depthwiseConv2DBackpropFilter,
  depthwiseConv2DBackpropInput,
} from '../depthwise/depthwise.js';
import { maxPool, maxPoolGrad } from '../max-pool.js';
import { conv2D, conv2DBackpropFilter, conv2DBackpropInput } from './convolution.js';

/** Attributes of these kernels: see src/tensors/convolution/padded-windows.ts. */
interface PaddedAttributes {
  strides: number;
  padding: [top: number, bottom: number, left: number, right: number];
  kernelSize: number;
}

/** The same attributes as tfjs's own kernels name them. */
function attributesOf(attributes: object): object {
  const { strides, padding, kernelSize } = attributes as PaddedAttributes;
  const [top, bottom, left, right] = padding;
  const pad = [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
  return { ...attributes, strides, pad, filterSize: kernelSize, dataFormat: 'NHWC', dilations: 1 };
}

function padded(kernel: KernelFunc): KernelFunc {
  return (call) => kernel({ ...call, attrs: attributesOf(call.attrs as object) as NamedAttrMap });
}

/** Convolutions and max pool with explicit padding, and the kernels of their gradients, by name. */
export const paddedWindows: ReadonlyArray<[name: string, kernel: KernelFunc]> = [
  [paddedKernels.convolution, padded(conv2D)],
  [paddedKernels.convolutionInputGradient, padded(conv2DBackpropInput)],
  [paddedKernels.convolutionFilterGradient, padded(conv2DBackpropFilter)],
  [paddedKernels.depthwise, padded(depthwiseConv2D)],
  [paddedKernels.depthwiseInputGradient, padded(depthwiseConv2DBackpropInput)],
  [paddedKernels.depthwiseFilterGradient, padded(depthwiseConv2DBackpropFilter)],
  [paddedKernels.maxPool, padded(maxPool)],
  [paddedKernels.maxPoolGradient, padded(maxPoolGrad)],
];

function run(kernel: string, inputs: Record<string, Tensor>, attributes: object): Tensor {
  return engine().runKernel(kernel, inputs, attributes as Record<string, number>) as Tensor;
}

function convolutionGradient(kernelName: string, forInput: string, forFilter: string): GradConfig {
  return {
    kernelName,
    inputsToSave: ['x', 'filter'],
    gradFunc: (dy, [x, filter], attributes) => ({
      x: () => run(forInput, { dy: dy as Tensor, filter: filter! }, { ...attributes, inputShape: x!.shape }),
      filter: () =>
        run(forFilter, { x: x!, dy: dy as Tensor }, { ...attributes, filterShape: filter!.shape }),
    }),
  };
}

/** The gradients of {@link paddedWindows}. */
export const paddedGradients: readonly GradConfig[] = [
  convolutionGradient(
    paddedKernels.convolution,
    paddedKernels.convolutionInputGradient,
    paddedKernels.convolutionFilterGradient,
  ),
  convolutionGradient(
    paddedKernels.depthwise,
    paddedKernels.depthwiseInputGradient,
    paddedKernels.depthwiseFilterGradient,
  ),
  {
    kernelName: paddedKernels.maxPool,
    inputsToSave: ['x'],
    outputsToSave: [true],
    gradFunc: (dy, [input, output], attributes) => ({
      x: () =>
        run(paddedKernels.maxPoolGradient, { dy: dy as Tensor, input: input!, output: output! }, attributes),
    }),
  },
];
