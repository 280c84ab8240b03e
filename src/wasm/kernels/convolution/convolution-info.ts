import { backend_util, getKernel, type KernelFunc, type TensorInfo } from '@tensorflow/tfjs-core';

type Shape4D = [number, number, number, number];

/** Attributes of tfjs's convolution kernels. */
export interface ConvolutionAttributes {
  strides: [number, number] | number;
  pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  dataFormat?: 'NHWC' | 'NCHW';
  dilations?: [number, number] | number;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** Sizes and padding of an NHWC convolution, or of a depthwise one. */
export function convolutionInfo(
  xShape: number[],
  filterShape: number[],
  { strides, pad, dilations, dimRoundingMode }: ConvolutionAttributes,
  { depthwise = false } = {},
): backend_util.Conv2DInfo {
  return backend_util.computeConv2DInfo(
    xShape as Shape4D,
    filterShape as Shape4D,
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    depthwise,
    'channelsLast',
  );
}

/**
 * `kernel` for float32 and NHWC, without dilation unless it computes that; for anything else tfjs's own kernel, if there is
 * one.
 */
export function guarded(kernelName: string, kernel: KernelFunc, { dilates = false } = {}): KernelFunc {
  const stock = getKernel(kernelName, 'wasm');
  return (call) => {
    const { dataFormat = 'NHWC', dilations = 1 } = call.attrs as unknown as ConvolutionAttributes;
    const dilated = !dilates && [dilations].flat().some((dilation) => (dilation ?? 1) !== 1);
    const dtypes = Object.values(call.inputs as Record<string, TensorInfo>).map(({ dtype }) => dtype);
    if (dataFormat === 'NHWC' && !dilated && dtypes.every((dtype) => dtype === 'float32'))
      return kernel(call);
    if (stock) return stock.kernelFunc(call);
    throw new Error(
      `${kernelName}: the wasm backend supports only float32 and NHWC${dilates ? '' : ' without dilation'}. Received: ${dtypes}, dataFormat=${dataFormat}, dilations=${dilations}.`,
    );
  };
}
