import { tensor1d, tensor2d } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ShapeError, ValueRangeError } from '../../src/errors/index.js';
import {
  alignment,
  type Embeddings,
  embeddingHealth,
  knnClassifier,
  type Labels,
  linearProbe,
  nearestNeighbors,
  neighborOverlap,
  retrieval,
  uniformity,
} from '../../src/evaluation/index.js';
import { expectTensors } from '../helpers/leaks.js';
import { embeddings } from './golden.js';

const good = embeddings([1, 0, 0, 1, 1, 1], 2);
const labels = Uint8Array.of(0, 1, 1);

const consumers: [string, (input: Embeddings) => Promise<unknown>][] = [
  ['knnClassifier', (input) => knnClassifier({ embeddings: input, labels }, { neighbors: 1 })],
  ['linearProbe', (input) => linearProbe({ embeddings: input, labels })],
  ['embeddingHealth', (input) => embeddingHealth(input)],
  ['nearestNeighbors', (input) => nearestNeighbors(input, good, 1)],
  ['neighborOverlap', (input) => neighborOverlap(input, good, 1)],
  ['retrieval', (input) => retrieval(input, labels, { k: [1] })],
  ['alignment', (input) => alignment(input, good)],
  ['uniformity', (input) => uniformity(input)],
];

describe.each(consumers)('the embeddings of %s', (name, consume) => {
  it('may be a tensor, which is left alive, and leaves no other', async () => {
    const tensor = tensor2d(good.data, [3, 2]);
    await expectTensors(0, () => consume(tensor));
    expect(tensor.isDisposed).toBe(false);
    tensor.dispose();
  });

  it.each([
    ['an object without a shape', {}, ShapeError, /must be a float32 tensor \[n, d\] or/],
    ['undefined', undefined, ShapeError, /must be a float32 tensor/],
    ['plain numbers', { data: [1, 2], shape: [1, 2] }, ShapeError, /data=\[1, 2\]/],
    [
      'three axes',
      { data: new Float32Array(8), shape: [2, 2, 2] },
      ShapeError,
      /rank 2\)\. Received: .*\[2,2,2\]/,
    ],
    ['no rows', { data: new Float32Array(0), shape: [0, 2] }, ShapeError, /at least one row/],
    ['too few values', { data: new Float32Array(5), shape: [3, 2] }, ShapeError, /must hold 6 values.*=5/],
    ['NaN', embeddings([1, 0, 0, 1, Number.NaN, 1], 2), ValueRangeError, /NaN in row 2, column 0/],
    [
      'Infinity',
      embeddings([1, 0, 0, Number.NEGATIVE_INFINITY, 1, 1], 2),
      ValueRangeError,
      /-Infinity in row 1, column 1/,
    ],
  ])('are refused when they are %s', async (_, input, kind, message) => {
    const error = await consume(input as Embeddings).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(kind);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toMatch(new RegExp(`^${name}: `));
  });

  it('are refused when the tensor is of another rank or type', async () => {
    const flat = tensor1d([1, 2]);
    const whole = tensor2d([1, 2], [1, 2], 'int32');
    await expect(consume(flat as unknown as Embeddings)).rejects.toThrow(/rank 2/);
    await expect(consume(whole)).rejects.toThrow(/must be float32.*int32/);
    flat.dispose();
    whole.dispose();
  });
});

describe.each([
  [
    'knnClassifier',
    (l: Labels, classes?: number) =>
      knnClassifier({ embeddings: good, labels: l, ...(classes ? { classes } : {}) }, { neighbors: 1 }),
  ],
  [
    'linearProbe',
    (l: Labels, classes?: number) =>
      linearProbe({ embeddings: good, labels: l, ...(classes ? { classes } : {}) }),
  ],
])('the labels of %s', (name, train) => {
  it.each([
    ['fewer than the rows', Uint8Array.of(0, 1), undefined, ShapeError, /2 labels for 3 rows/],
    ['negative', Int32Array.of(0, 1, -1), undefined, ValueRangeError, />= 0. Received: labels\[2\]=-1/],
    ['no class', Int32Array.of(0, 1, 4), 4, ValueRangeError, /from 0 to 3. Received: labels\[2\]=4/],
    [
      'all the same',
      Uint8Array.of(2, 2, 2),
      undefined,
      ValueRangeError,
      /at least two classes. Received: class 2/,
    ],
    ['a fraction', [0, 1, 0.5], undefined, ValueRangeError, /integers >= 0. Received: labels\[2\]=0.5/],
    [
      'text',
      '011' as never,
      undefined,
      ShapeError,
      /array or a typed array of integers. Received: labels="011"/,
    ],
    [
      'bigint',
      BigInt64Array.of(0n, 1n, 1n) as never,
      undefined,
      ValueRangeError,
      /integers >= 0. Received: labels\[0\]=0/,
    ],
    ['no classes at all', Uint8Array.of(0, 1, 1), 1, Error, /classes must be an integer >= 2/],
  ])('are refused when they are %s', async (_, given, classes, kind, message) => {
    const error = await train(given, classes).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(kind);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toMatch(new RegExp(`^${name}: `));
  });

  it('may be in any array of integers', async () => {
    const list = [0, 1, 1];
    for (const kind of [Uint8Array, Int32Array, Uint32Array, Float32Array]) {
      const fitted = await train(new kind(list));
      const { predictions } = await fitted.evaluate(good, list);
      expect(predictions).toHaveLength(3);
    }
  });

  it('of an evaluation are checked against the queries and the classes', async () => {
    const fitted = await train(Uint8Array.of(0, 1, 1));
    await expect(fitted.evaluate(good, Uint8Array.of(0))).rejects.toThrow(/1 labels for 3 rows/);
    await expect(fitted.evaluate(good, Uint8Array.of(0, 1, 2))).rejects.toThrow(
      /from 0 to 1. Received: labels\[2\]=2/,
    );
    await expect(fitted.predict(embeddings([1, 2, 3], 3))).rejects.toThrow(
      /same number of columns.*\[1,3\].*\[3,2\]/,
    );
  });
});
