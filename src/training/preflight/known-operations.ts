import {
  add,
  conv2d,
  depthwiseConv2d,
  matMul,
  maxPool,
  relu,
  slice,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tensor,
  util,
  valueAndGrads,
} from '@tensorflow/tfjs-core';
import { ntXentLoss } from '../../losses/index.js';
import { batchNormalization } from '../../tensors/index.js';
import { knownValues } from './known-values.js';

/** An operation whose values and gradients are known. */
export interface KnownOperation {
  /** Its name in messages. */
  name: string;
  /** Its values on the active backend, then its gradients for each input. Runs inside a `tidy`. */
  compute(): { name: string; values: Tensor }[];
  /** The right values, flat. */
  expected: readonly (readonly number[])[];
}

type Pattern = readonly [factor: number, modulus: number, offset: number];

/** Integers in a pattern. */
function whole<T extends Tensor>(shape: number[], [factor, modulus, offset]: Pattern): T {
  const values = Float32Array.from(
    { length: util.sizeFromShape(shape) },
    (_, i) => ((factor * i) % modulus) + offset,
  );
  return tensor(values, shape) as T;
}

const picture = (offset = -5) => whole<Tensor4D>([1, 4, 4, 2], [7, 11, offset]);

/**
 * The operations that encoders are made of, on pictures of 4x4 pixels: some graphics drivers silently give zeros (tensorflow/tfjs#7733, #8590).
 */
export const knownOperations: readonly KnownOperation[] = [
  operation('conv2d', [1, 4, 4, 4], () => ({ x: picture(), filter: whole([3, 3, 2, 4], [5, 7, -3]) }), {
    apply: ({ x, filter }) => conv2d(x as Tensor4D, filter as Tensor4D, 1, 'same'),
  }),
  operation(
    'depthwiseConv2d',
    [1, 4, 4, 2],
    () => ({ x: picture(), filter: whole([3, 3, 2, 1], [5, 7, -3]) }),
    { apply: ({ x, filter }) => depthwiseConv2d(x as Tensor4D, filter as Tensor4D, 1, 'same') },
  ),
  // All inputs negative: kernels that begin with a maximum of 0 lose them.
  operation('maxPool', [1, 2, 2, 2], () => ({ x: picture(-16) }), {
    apply: ({ x }) => maxPool(x as Tensor4D, 2, 2, 'valid'),
  }),
  operation('relu', [1, 4, 4, 2], () => ({ x: picture() }), { apply: ({ x }) => relu(x!) }),
  operation('matMul', [4, 2], () => ({ a: whole([4, 3], [7, 11, -5]), b: whole([3, 2], [5, 7, -3]) }), {
    apply: ({ a, b }) => matMul(a!, b!),
  }),
  operation('sum', [2], () => ({ x: picture() }), { apply: ({ x }) => sum(x!, [0, 1, 2]) }),
  operation('add', [1, 4, 4, 2], () => ({ x: picture(), bias: whole([2], [5, 7, -3]) }), {
    apply: ({ x, bias }) => add(x!, bias!),
  }),
  operation('batchNormalization', [4, 2], () => ({ x: whole([4, 2], [7, 11, -5]) }), {
    apply: ({ x }) =>
      batchNormalization(x!, { epsilon: 1e-3, groups: 1, activation: 'relu' as const }).output,
  }),
  operation('ntXentLoss', [], () => ({ z: whole([4, 3], [7, 11, -4]) }), {
    apply: ({ z }) =>
      ntXentLoss(slice(z!, [0, 0], [2, 3]) as Tensor2D, slice(z!, [2, 0], [2, 3]) as Tensor2D),
    upstream: [0, 1, 1],
  }),
];

interface Definition {
  apply(inputs: Record<string, Tensor>): Tensor;
  /** The gradient at the output. */
  upstream?: Pattern;
}

function operation(
  name: keyof typeof knownValues,
  outputShape: number[],
  makeInputs: () => Record<string, Tensor>,
  { apply, upstream = [3, 5, -2] }: Definition,
): KnownOperation {
  return {
    name,
    expected: knownValues[name],
    compute() {
      const inputs = makeInputs();
      const names = Object.keys(inputs);
      const { value, grads } = valueAndGrads((...given: Tensor[]) =>
        apply(Object.fromEntries(given.map((tensor, index) => [names[index]!, tensor]))),
      )(Object.values(inputs), whole(outputShape, upstream));
      return [
        { name, values: value },
        ...grads.map((gradient, index) => ({
          name: `the gradient of ${name} for ${names[index]}`,
          values: gradient,
        })),
      ];
    },
  };
}
