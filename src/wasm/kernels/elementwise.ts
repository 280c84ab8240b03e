import { backend_util, type KernelFunc, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { constants, kernelModule, kinds } from '../module/kernel-module.js';
import { addressOf, makeOutput } from '../module/tensor-address.js';

const { valuesPerTask } = constants.elementwise;
/** With a shorter inner axis than this, vectors do not pay. */
const minInner = 16;

/** An axis of the result, and the step of each operand along it. */
interface Axis {
  size: number;
  a: number;
  b: number;
}

/** The axes of the result. Adjacent axes that both operands traverse like a single one are merged. */
function collapsedAxes(a: readonly number[], b: readonly number[], out: readonly number[]): Axis[] {
  const stepsOf = (shape: readonly number[]) => {
    const steps: number[] = [];
    let step = 1;
    for (let axis = out.length - 1; axis >= 0; axis--) {
      const size = shape[axis - (out.length - shape.length)] ?? 1;
      steps[axis] = size === 1 ? 0 : step;
      step *= size;
    }
    return steps;
  };
  const [aSteps, bSteps] = [stepsOf(a), stepsOf(b)];
  const axes: Axis[] = [];
  for (const [index, size] of out.entries()) {
    if (size === 1) continue;
    const next = { size, a: aSteps[index]!, b: bSteps[index]! };
    const last = axes.at(-1);
    if (last && last.a === next.a * size && last.b === next.b * size) {
      axes[axes.length - 1] = { size: last.size * size, a: next.a, b: next.b };
    } else {
      axes.push(next);
    }
  }
  return axes;
}

/**
 * An operation on two float32 tensors, with broadcasting. Calls `stock`, tfjs's own kernel, for other types, for a short inner
 * axis, and when more than three axes are left after merging.
 */
export function elementwise(
  operation: 'add' | 'subtract' | 'multiply' | 'divide',
  stock: KernelFunc,
): KernelFunc {
  const kind = kinds[`${operation}Values`];
  return (call) => {
    const { a, b } = call.inputs as { a: TensorInfo; b: TensorInfo };
    if (a.dtype !== 'float32' || b.dtype !== 'float32') return stock(call);
    const shape = backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
    const length = util.sizeFromShape(shape);
    const axes = collapsedAxes(a.shape, b.shape, shape);
    const short = axes.length > 1 && axes.at(-1)!.size < minInner;
    if (length === 0 || axes.length > 3 || short) return stock(call);
    const one = { size: 1, a: 0, b: 0 };
    const [outer, rows, inner] = [one, one, one, ...axes].slice(-3) as [Axis, Axis, Axis];
    const output = makeOutput(shape);
    const module = kernelModule();
    const work = module.structure('Elementwise', {
      a: addressOf(a),
      b: addressOf(b),
      result: addressOf(output),
      length,
      rows: rows.size,
      inner: inner.size,
      aOuter: outer.a,
      aRow: rows.a,
      aInner: inner.a,
      bOuter: outer.b,
      bRow: rows.b,
      bInner: inner.b,
    });
    module.dispatch(kind, work, Math.ceil(length / valuesPerTask));
    return output;
  };
}

/** Multiplies rows of `channels` values at an address by one value per channel. */
export function multiplyByChannels(
  values: number,
  factors: number,
  length: number,
  channels: number,
  result: number,
): void {
  const module = kernelModule();
  const work = module.structure('Elementwise', {
    a: values,
    b: factors,
    result,
    length,
    rows: length / channels,
    inner: channels,
    aOuter: 0,
    aRow: channels,
    aInner: 1,
    bOuter: 0,
    bRow: 0,
    bInner: 1,
  });
  module.dispatch(kinds.multiplyValues, work, Math.ceil(length / valuesPerTask));
}
