import {
  conv2d,
  getBackend,
  matMul,
  setBackend,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tensor,
  tidy,
  valueAndGrads,
} from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Dispatch, recordTasks } from '../../bench/threads/record-tasks.js';
import { evenness, makespan } from '../../bench/threads/schedule.js';
import { stems } from '../../bench/work.js';
import { prepareStep } from '../../bench/workers/training-step.js';
import { useBackend } from '../helpers/backend.js';
import { hashedValues } from '../helpers/hashed-values.js';

const before = getBackend();
beforeAll(() => useBackend('wasm'));
afterAll(() => setBackend(before));

/** Kernels that take nearly all of a step's time, and the share of the threads' time that they must fill on average. */
const wantedEvenness: Record<string, number> = {
  convolveTiles: 0.9,
  multiplyPositions: 0.9,
  sumPositions: 0.9,
  sumFilterParts: 0.9,
  transformFilters: 0.9,
  transformInputs: 0.9,
  transformGradients: 0.9,
  transformFilterGradients: 0.9,
  multiplyGathered: 0.75,
  multiplyFilterGradient: 0.75,
};

describe('the tasks of a ResNet-18 step of 32 pairs of 96x96', () => {
  const dispatches = new Map<number, Dispatch[]>();
  beforeAll(() => {
    const step = prepareStep({ batch: 32, size: 96, stem: stems[7] });
    for (const threads of [2, 8, 16]) {
      dispatches.set(threads, recordTasks(step, threads, 1).dispatches);
    }
  });

  it.each([2, 8, 16])('keep %i threads busy', (threads) => {
    const all = dispatches.get(threads)!;
    for (const [kind, wanted] of Object.entries(wantedEvenness)) {
      const counts = all.filter((dispatch) => dispatch.kind === kind).map(({ times }) => times.length);
      expect(counts.length, kind).toBeGreaterThan(0);
      const shares = counts.map((tasks) => evenness(tasks, threads));
      const mean = shares.reduce((total, share) => total + share, 0) / shares.length;
      expect(mean, `${kind}: ${counts} tasks`).toBeGreaterThanOrEqual(wanted);
    }
    // None of the kernels that go through pictures or sums of blocks is left to one thread.
    for (const { kind, times } of all) {
      if (/^(block|input|normalize)|^combine(Moments|Gradients|FilterParts)|Pool|pad/.test(kind))
        expect(times.length, kind).toBeGreaterThan(1);
    }
  });
});

describe('the model of threads', () => {
  it('hands the next tasks to the thread that is free first', () => {
    expect(makespan([3, 1, 1, 1], 2)).toBe(3);
    expect(makespan([1, 1, 1], 2)).toBe(2);
    expect(makespan([], 4)).toBe(0);
    expect(evenness(36, 8)).toBe(36 / 40);
    expect(evenness(6, 8)).toBe(6 / 8);
    expect(evenness(1, 16)).toBe(1 / 16);
  });

  it('takes many tasks in chunks, without leaving threads idle at the end', () => {
    for (const threads of [2, 3, 8, 16]) expect(evenness(1000, threads)).toBeGreaterThan(0.98);
  });
});

describe('the division into tasks changes no bit', () => {
  const values = (name: string, shape: number[]) =>
    tensor(
      hashedValues(
        name,
        shape.reduce((product, size) => product * size, 1),
      ),
      shape,
    );
  const convolution = (x: number[], filter: number[], stride: number) => () => {
    const inputs = [values('x', x) as Tensor4D, values('filter', filter) as Tensor4D] as const;
    const outputShape = [x[0]!, Math.ceil(x[1]! / stride), Math.ceil(x[2]! / stride), filter[3]!];
    const dy = values('dy', outputShape) as Tensor4D;
    const convolve = (a: Tensor4D, b: Tensor4D) => conv2d(a, b, stride, 'same');
    const { value, grads } = valueAndGrads<Tensor4D>(convolve as never)([...inputs], dy);
    return [value, ...grads];
  };
  const product = (transposeA: boolean, transposeB: boolean) => () => [
    matMul(
      values('a', transposeA ? [150, 65] : [65, 150]) as Tensor2D,
      values('b', transposeB ? [200, 150] : [150, 200]) as Tensor2D,
      transposeA,
      transposeB,
    ),
  ];

  it.each<[string, () => Tensor[]]>([
    ["Winograd's 36 places", convolution([3, 12, 12, 128], [3, 3, 128, 136], 1)],
    ["Winograd's 25 places", convolution([3, 6, 6, 96], [3, 3, 96, 40], 1)],
    ['a stride, and regions of the border', convolution([5, 6, 6, 40], [3, 3, 40, 200], 2)],
    ['a 1x1 filter', convolution([4, 12, 12, 24], [1, 1, 24, 72], 2)],
    ['few channels', convolution([4, 32, 32, 3], [7, 7, 3, 64], 2)],
    ['a matrix product', product(false, false)],
    ['a transposed one', product(true, false)],
    ['one with the other transposed', product(false, true)],
  ])('%s', async (_, compute) => {
    const results: Float32Array[][] = [];
    for (const threads of [1, 2, 3, 8, 16]) {
      let made: Tensor[] = [];
      recordTasks(
        () => {
          for (const each of made) each.dispose();
          made = tidy(compute);
        },
        threads,
        1,
      );
      results.push(await Promise.all(made.map((each) => each.data<'float32'>())));
      for (const each of made) each.dispose();
    }
    for (const others of results.slice(1)) expect(others).toEqual(results[0]);
  });
});
