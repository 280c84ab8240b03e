/**
 * Run by wide-kernels.test.ts in a process of its own, with SIMCLR_WASM_KERNELS set. Prints, as JSON, which kernels
 * ran and a hash of the bits of results whose columns leave 0, 2, 8 and 10 over after tiles of 16.
 */
import { createHash } from 'node:crypto';
import {
  conv2d,
  depthwiseConv2d,
  grads,
  matMul,
  ready,
  setBackend,
  type Tensor,
  type Tensor1D,
  type Tensor4D,
} from '@tensorflow/tfjs-core';

import '@tensorflow/tfjs-layers';
import { foldedConvolution } from '../../src/tensors/index.js';
import { wasmKernels } from '../../src/wasm/index.js';
import { hashedTensor } from '../helpers/hashed-tensor.js';
import { prepareWasm } from '../helpers/wasm.js';

await prepareWasm();
await setBackend('wasm');
await ready();

const hash = createHash('sha256');
const add = async (results: readonly Tensor[]) => {
  for (const result of results) hash.update(Buffer.from((await result.data()).slice().buffer));
};

for (const [inputs, outputs] of [
  [32, 48],
  [24, 40],
  [16, 34],
  [3, 26],
] as const) {
  // Over 600 tiles of 4x4 are several groups, so that sums over groups are among the results.
  const image = hashedTensor(`x${inputs}`, [40, 21, 22, inputs]);
  const filter = hashedTensor(`w${outputs}`, [3, 3, inputs, outputs]);
  for (const stride of [1, 2]) {
    const convolve = (x: Tensor, w: Tensor) => conv2d(x as Tensor4D, w as Tensor4D, stride, 'same');
    const product = convolve(image, filter);
    const folded = foldedConvolution(image as Tensor4D, filter as Tensor4D, {
      strides: stride,
      pad: 'same',
      bias: hashedTensor('bias', [outputs]) as Tensor1D,
      residual: hashedTensor('residual', product.shape) as Tensor4D,
      activation: 'relu',
    });
    await add([product, ...grads(convolve)([image, filter]), folded]);
  }
}
for (const channels of [16, 24, 35]) {
  const image = hashedTensor(`d${channels}`, [3, 21, 22, channels]);
  for (const [size, stride] of [
    [3, 1],
    [3, 2],
    [5, 1],
  ] as const) {
    const filter = hashedTensor(`f${size}`, [size, size, channels, 1]);
    const convolve = (x: Tensor, w: Tensor) => depthwiseConv2d(x as Tensor4D, w as Tensor4D, stride, 'same');
    await add([convolve(image, filter), ...grads(convolve)([image, filter])]);
  }
}
const [a, b] = [hashedTensor('a', [300, 70]), hashedTensor('b', [50, 70])];
await add([matMul(a, b, false, true), matMul(a, a, true, false)]);
console.log(JSON.stringify({ width: wasmKernels().width, hash: hash.digest('hex') }));
