import { broadcast_util, getKernel, type KernelFunc, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { constants, kernelModule, kinds } from '../module/kernel-module.js';
import { addressOf, isEmpty, makeFilled, makeOutput } from '../module/tensor-address.js';
import { changingFilter } from './convolution/filter.js';
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

const single: Axis = { outSize: 1, stride: 1, offset: 0, dilation: 1, filterSize: 1 };

/** output = a times b, or a times b transposed, as a 1x1 convolution of one row of `rows` pixels. */
function multiplyMatrices(product: MatrixProduct, transposeB: boolean): void {
  const { a, b, output, rows, depth, columns } = product;
  const [strideChannel, strideColumn] = transposeB ? [1, depth] : [columns, 1];
  multiply({
    gathered: gather({ address: a, height: 1, width: rows, channels: depth }, single, {
      ...single,
      outSize: rows,
    }),
    rows,
    columns,
    depth,
    output,
    filter: changingFilter(b),
    part: {
      channels: depth,
      filterHeight: 1,
      filterWidth: 1,
      offset: 0,
      strideY: 0,
      strideX: 0,
      strideChannel: strideChannel!,
      strideColumn: strideColumn!,
    },
  });
}

const { productRowsPerTask } = constants['row-products'];

/** The products of the rows of one matrix with the only row or column of the other. */
function multiplyRows(rows: number, vector: number, output: number, count: number, length: number): void {
  const module = kernelModule();
  const work = module.structure('RowProducts', { rows, vector, output, count, length });
  module.dispatch(kinds.multiplyRows, work, Math.ceil(count / productRowsPerTask));
}

/** output = a transposed times b, where a is [depth, rows], as the gradient of a 1x1 filter over `depth` pixels. */
function multiplyTransposed({ a, b, output, rows, depth, columns }: MatrixProduct): void {
  multiplyOverPixels({
    gathered: gather({ address: a, height: 1, width: depth, channels: rows }, single, {
      ...single,
      outSize: depth,
    }),
    filterPositions: 1,
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
 * BatchMatMul with the kernels of convolutions: plain or with `b` transposed as gathered rows times packed columns, with `a`
 * transposed as a filter gradient. Calls tfjs's own kernel when both are transposed, for other types than float32, and for
 * broadcasting of anything but a single matrix.
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
      else if (transposeB && rows === 1) multiplyRows(product.b, product.a, product.output, columns, depth);
      else if (columns === 1) multiplyRows(product.a, product.b, product.output, rows, depth);
      else multiplyMatrices(product, transposeB);
    }
    return output;
  };
}
