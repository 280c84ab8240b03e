import {
  backend_util,
  engine,
  type KernelFunc,
  matMul,
  pad,
  registerKernel,
  reshape,
  stack,
  stridedSlice,
  type Tensor,
  type TensorInfo,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';

interface Attributes {
  filterShape: [number, number, number, number];
  strides: [number, number] | number;
  pad: 'valid' | 'same' | number;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** The input of a kernel as a tensor, which the kernel's `tidy` may dispose of without freeing its caller's. */
function asTensor(info: TensorInfo): Tensor {
  engine().backend.incRef(info.dataId);
  return engine().makeTensorFromTensorInfo(info);
}

/**
 * The gradient of a convolution for its filter, which stock tfjs lacks on wasm, as a user would compose it: for
 * every position of the filter, the pixels under it times the output's gradient.
 */
const filterGradient: KernelFunc = ({ inputs, attrs }) => {
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const { filterShape, strides, pad: padding, dimRoundingMode } = attrs as unknown as Attributes;
  return tidy(() => {
    const info = backend_util.computeConv2DInfo(
      x.shape as [number, number, number, number],
      filterShape,
      strides,
      1,
      padding,
      dimRoundingMode,
    );
    const { outHeight, outWidth, strideHeight, strideWidth, batchSize, inChannels, outChannels } = info;
    const { top, bottom, left, right } = info.padInfo;
    const pixels = batchSize * outHeight * outWidth;
    const pictures = asTensor(x);
    const padded =
      top + bottom + left + right === 0
        ? pictures
        : pad(pictures, [
            [0, 0],
            [top, bottom],
            [left, right],
            [0, 0],
          ]);
    const gradient = reshape(asTensor(dy), [pixels, outChannels]);
    const products: Tensor[] = [];
    for (let row = 0; row < info.filterHeight; row++) {
      for (let column = 0; column < info.filterWidth; column++) {
        const seen = stridedSlice(
          padded,
          [0, row, column, 0],
          [
            batchSize,
            row + (outHeight - 1) * strideHeight + 1,
            column + (outWidth - 1) * strideWidth + 1,
            inChannels,
          ],
          [1, strideHeight, strideWidth, 1],
        );
        products.push(matMul(transpose(reshape(seen, [pixels, inChannels])), gradient));
      }
    }
    return reshape(stack(products), filterShape);
  });
};

/** Registers it with the stock wasm backend. */
export function registerComposedFilterGradient(): void {
  registerKernel({ kernelName: 'Conv2DBackpropFilter', backendName: 'wasm', kernelFunc: filterGradient });
}
