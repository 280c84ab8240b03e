import { type KernelFunc, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { kernelModule, kinds } from '../module/kernel-module.js';
import { addressOf, isEmpty, makeFilled, makeOutput } from '../module/tensor-address.js';

/** Values per block: few enough to be summed in float32. */
const blockValues = 2048;

interface Attributes {
  axis: number | number[];
  keepDims: boolean;
}

/** Sizes before, of and after the reduced axes; `undefined` unless the reduced axes are adjacent. */
export function reducedSizes(
  shape: readonly number[],
  axes: readonly number[],
): [number, number, number] | undefined {
  const sizes: [number, number, number] = [1, 1, 1];
  let part = 0;
  for (const [axis, size] of shape.entries()) {
    if (size === 1) continue;
    const reduced = axes.includes(axis);
    if (reduced && part === 0) part = 1;
    else if (!reduced && part === 1) part = 2;
    else if (reduced && part === 2) return undefined;
    sizes[part]! *= size;
  }
  return sizes;
}

/** Sum or mean of float32 over adjacent axes; calls `stock`, tfjs's own kernel, for anything else. */
export function reduction(kind: 'sum' | 'mean', stock: KernelFunc): KernelFunc {
  return (call) => {
    const { x } = call.inputs as { x: TensorInfo };
    const { axis, keepDims } = call.attrs as unknown as Attributes;
    const axes = util.parseAxisParam(axis, x.shape);
    if (x.dtype !== 'float32') return stock(call);
    const kept = x.shape.map((size, place) => (axes.includes(place) ? 1 : size));
    const shape = keepDims ? kept : kept.filter((_, place) => !axes.includes(place));
    if (isEmpty(x)) return makeFilled(shape, kind === 'mean' ? Number.NaN : 0);
    const sizes = reducedSizes(x.shape, axes);
    if (sizes === undefined) return stock(call);
    const [outer, rows, inner] = sizes;
    const output = makeOutput(shape);
    const blockRows = Math.max(1, Math.floor(blockValues / inner));
    const blocks = Math.ceil(rows / blockRows);
    const module = kernelModule();
    const partials = module.block('reductionPartials', outer * blocks * inner * 4);
    const work = module.structure('Reduction', {
      x: addressOf(x),
      partials,
      result: addressOf(output),
      outer,
      rows,
      inner,
      blockRows,
      blocks,
      scale: kind === 'mean' ? 1 / rows : 1,
    });
    module.dispatch(kinds.reduceBlocks, work, outer * blocks);
    module.dispatch(kinds.combineBlocks, work, outer);
    return output;
  };
}
