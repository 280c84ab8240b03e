import { broadcast_util, getKernel, type KernelFunc, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { addressOf, isEmpty, makeFilled, makeOutput } from '../module/tensor-address.js';
import { type Axis, gather, multiply, multiplyOverPixels } from './convolution/gathered-product.js';

/** Addresses and sizes of a product of two matrices. */
interface MatrixProduct {
  a: number;
  b: number;
  output: number;
  rows: number;
  depth: number;
  columns: number;
}

const only: Axis = { grid: 1, rowStep: 1, origin: 0, tapStep: 1, taps: 1 };

/** output = a times b, or times b transposed: a convolution of one line of `rows` pixels with one tap. */
function multiplyMatrices(product: MatrixProduct, transposeB: boolean): void {
  const { a, b, output, rows, depth, columns } = product;
  const [strideK, strideColumn] = transposeB ? [1, depth] : [columns, 1];
  multiply({
    gathered: gather({ address: a, height: 1, width: rows, channels: depth }, only, { ...only, grid: rows }),
    rows,
    columns,
    depth,
    output,
    filter: {
      source: b,
      tapDepth: depth,
      tapsY: 1,
      tapsX: 1,
      tapOrigin: 0,
      tapStepY: 0,
      tapStepX: 0,
      strideK: strideK!,
      strideColumn: strideColumn!,
    },
  });
}

/** output = a transposed times b, `a` being [depth, rows]: a filter gradient of one tap over `depth` pixels. */
function multiplyTransposed({ a, b, output, rows, depth, columns }: MatrixProduct): void {
  multiplyOverPixels({
    gathered: gather({ address: a, height: 1, width: depth, channels: rows }, only, { ...only, grid: depth }),
    taps: 1,
    channels: rows,
    gradient: b,
    output,
    pixels: depth,
    outputs: columns,
  });
}

interface Attributes {
  transposeA: boolean;
  transposeB: boolean;
}

/**
 * BatchMatMul, each product on the convolutions' kernels: plain and with `b` transposed as gathered rows times packed
 * columns, with `a` transposed as a filter gradient. Both transposed goes to the stock kernel.
 */
export function batchMatMul(stock = getKernel('BatchMatMul', 'wasm')): KernelFunc {
  return (call) => {
    const { a, b } = call.inputs as { a: TensorInfo; b: TensorInfo };
    const { transposeA, transposeB } = call.attrs as unknown as Attributes;
    if (a.dtype !== 'float32' || b.dtype !== 'float32' || (transposeA && transposeB))
      return stock.kernelFunc(call);
    const [rows, depth] = transposeA
      ? [a.shape.at(-1)!, a.shape.at(-2)!]
      : [a.shape.at(-2)!, a.shape.at(-1)!];
    const columns = transposeB ? b.shape.at(-2)! : b.shape.at(-1)!;
    const innerB = transposeB ? b.shape.at(-1)! : b.shape.at(-2)!;
    util.assert(
      depth === innerB,
      () => `matMul: inner dimensions must agree. Received: a=[${a.shape}], b=[${b.shape}].`,
    );
    const [batchA, batchB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
    const batch = broadcast_util.assertAndGetBroadcastShape(batchA, batchB);
    const [countA, countB, count] = [batchA, batchB, batch].map(util.sizeFromShape) as [
      number,
      number,
      number,
    ];
    // Broadcasting other than of a single matrix is rare.
    if ((countA !== count && countA !== 1) || (countB !== count && countB !== 1))
      return stock.kernelFunc(call);
    if (isEmpty(a) || isEmpty(b)) return makeFilled([...batch, rows, columns], 0);
    const output = makeOutput([...batch, rows, columns]);
    for (let item = 0; item < count; item++) {
      const product = {
        a: addressOf(a) + 4 * (countA === 1 ? 0 : item) * rows * depth,
        b: addressOf(b) + 4 * (countB === 1 ? 0 : item) * depth * columns,
        output: addressOf(output) + 4 * item * rows * columns,
        rows,
        depth,
        columns,
      };
      if (transposeA) multiplyTransposed(product);
      else multiplyMatrices(product, transposeB);
    }
    return output;
  };
}
