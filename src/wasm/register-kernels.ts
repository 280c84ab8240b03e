import {
  getKernel,
  type KernelFunc,
  registerGradient,
  registerKernel,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import { fusedColors } from '../augmentations/color/fused-colors.js';
import { fusedBlur } from '../augmentations/geometry/fused-blur.js';
import { fusedResampling } from '../augmentations/geometry/fused-resample.js';
import { valueRangeKernel } from '../data/image-range.js';
import { fusedSoftmax } from '../losses/contrastive/fused-softmax.js';
import { fusedUpdates } from '../optimizers/fused-updates.js';
import { foldedKernel } from '../tensors/convolution/folded-convolution.js';
import { fusedKernels } from '../tensors/fused-rows.js';
import { sharedBytes } from '../tensors/shared-bytes.js';
import { blur } from './kernels/augmentation/blur.js';
import { colorOperations } from './kernels/augmentation/color-operations.js';
import { resample } from './kernels/augmentation/resample.js';
import { avgPool, avgPoolGrad } from './kernels/average-pool.js';
import {
  moveStatistics,
  normalizeRows,
  normalizeRowsGradient,
  rowMoments,
} from './kernels/batch-normalization.js';
import { conv2D, conv2DBackpropFilter, conv2DBackpropInput } from './kernels/convolution/convolution.js';
import { conv3DBackpropFilter, conv3DBackpropInput } from './kernels/convolution/convolution-3d.js';
import { guarded } from './kernels/convolution/convolution-info.js';
import { foldedConvolution } from './kernels/convolution/folded-convolution.js';
import { paddedGradients, paddedWindows } from './kernels/convolution/padded-windows.js';
import {
  depthwiseConv2D,
  depthwiseConv2DBackpropFilter,
  depthwiseConv2DBackpropInput,
} from './kernels/depthwise/depthwise.js';
import { elementwise } from './kernels/elementwise.js';
import { identity } from './kernels/identity.js';
import { batchMatMul } from './kernels/matrix-product.js';
import { maxPool, maxPoolGrad } from './kernels/max-pool.js';
import { adamUpdate, momentumUpdate } from './kernels/optimizer-updates.js';
import { reduction } from './kernels/reductions.js';
import { softmaxRows } from './kernels/softmax-rows.js';
import { registerTileGradient } from './kernels/tile-gradient.js';
import { unsortedSegmentSum } from './kernels/unsorted-segment-sum.js';
import { valueRange } from './kernels/value-range.js';
import { sharedBytesOfTensor } from './module/shared-bytes.js';

const backendName = 'wasm';

function replaceKernel(kernelName: string, kernelFunc: KernelFunc): void {
  const stock = getKernel(kernelName, backendName);
  // Registering over an existing kernel prints a warning.
  if (stock) unregisterKernel(kernelName, backendName);
  registerKernel({
    ...stock,
    kernelName,
    backendName,
    kernelFunc,
  });
}

/** Replaces one of tfjs's kernels by one that may fall back to it. */
function wrapKernel(kernelName: string, wrap: (stock: KernelFunc) => KernelFunc): void {
  replaceKernel(kernelName, wrap(getKernel(kernelName, backendName)!.kernelFunc));
}

const depthwiseKernels = [
  ['DepthwiseConv2dNative', depthwiseConv2D],
  ['DepthwiseConv2dNativeBackpropInput', depthwiseConv2DBackpropInput],
  ['DepthwiseConv2dNativeBackpropFilter', depthwiseConv2DBackpropFilter],
] as const;

let registered = false;

/**
 * Registers on tfjs's wasm backend the kernels that training needs, where tfjs has none, a slow or wrong one, or one
 * that uses a single thread: `Conv2D`, `DepthwiseConv2dNative`, and the two gradients of each, the two of `Conv3D`, `BatchMatMul`, `MaxPool` and its gradient, `AvgPoolGrad`, `Sum`, `Mean`,
 * `Add`, `Sub`, `Multiply`, `RealDiv` and `UnsortedSegmentSum`; `Identity` without a copy; and, under names of this library,
 * explicitly padded convolutions and max pool, convolution with what follows it at inference, batch normalization,
 * softmax, optimizer updates, and the resampling and colors of augmentations in few passes over memory. The gradient of `Tile` becomes a sum, on all backends.
 * Calling it again does nothing.
 *
 * Importing `simclr-ts/wasm` calls it.
 */
export function registerTrainingKernels(): void {
  if (registered) return;
  registered = true;
  replaceKernel('Conv2D', guarded('Conv2D', conv2D));
  replaceKernel('Conv2DBackpropFilter', guarded('Conv2DBackpropFilter', conv2DBackpropFilter));
  replaceKernel('Conv2DBackpropInput', guarded('Conv2DBackpropInput', conv2DBackpropInput));
  replaceKernel('Conv3DBackpropInputV2', conv3DBackpropInput);
  replaceKernel('Conv3DBackpropFilterV2', conv3DBackpropFilter);
  for (const [name, kernel] of depthwiseKernels)
    replaceKernel(name, guarded(name, kernel, { dilates: true }));
  replaceKernel('BatchMatMul', batchMatMul());
  replaceKernel('MaxPool', guarded('MaxPool', maxPool));
  replaceKernel('MaxPoolGrad', maxPoolGrad);
  wrapKernel('AvgPool', avgPool);
  replaceKernel('AvgPoolGrad', avgPoolGrad);
  wrapKernel('Sum', (stock) => reduction('sum', stock));
  wrapKernel('Mean', (stock) => reduction('mean', stock));
  wrapKernel('Add', (stock) => elementwise('add', stock));
  wrapKernel('Sub', (stock) => elementwise('subtract', stock));
  wrapKernel('Multiply', (stock) => elementwise('multiply', stock));
  wrapKernel('RealDiv', (stock) => elementwise('divide', stock));
  replaceKernel('Identity', identity);
  for (const [name, kernel] of paddedWindows) replaceKernel(name, kernel);
  for (const gradient of paddedGradients) registerGradient(gradient);
  registerTileGradient();
  replaceKernel(fusedKernels.moments, rowMoments);
  replaceKernel(fusedKernels.normalize, normalizeRows);
  replaceKernel(fusedKernels.normalizeGradient, normalizeRowsGradient);
  replaceKernel(fusedKernels.move, moveStatistics);
  replaceKernel(foldedKernel, foldedConvolution);
  replaceKernel(fusedResampling, resample);
  replaceKernel(fusedBlur, blur);
  replaceKernel(fusedColors, colorOperations);
  replaceKernel(fusedSoftmax, softmaxRows);
  replaceKernel(fusedUpdates.momentum, momentumUpdate);
  replaceKernel(fusedUpdates.adam, adamUpdate);
  replaceKernel('UnsortedSegmentSum', unsortedSegmentSum);
  replaceKernel(valueRangeKernel, valueRange);
  replaceKernel(sharedBytes, sharedBytesOfTensor);
}
