import { describe, expect, it } from 'vitest';
import { singleProcess } from '../../src/distributed/index.js';
import { expectClose } from '../helpers/close.js';
import { bundled, runRanks } from './start-ranks.js';
import { type TrainOptions, train } from './tasks.js';

type Trained = Awaited<ReturnType<typeof train>>;

const program = bundled('worker-program.ts');

async function onRanks(size: number, options: TrainOptions): Promise<Trained[]> {
  const answers = await runRanks(program(), size, { name: 'train', options });
  expect(answers.map(({ error }) => error)).toEqual(answers.map(() => undefined));
  return answers.map(({ value }) => value as Trained);
}

// Rounding differs, because sums over pictures are divided differently, and each step multiplies it.
const tolerance = { relative: 5e-5, absolute: 2e-5 };

function expectSame(ranks: Trained[], whole: Trained): void {
  for (const rank of ranks) {
    expectClose(rank.losses, whole.losses, tolerance);
    expectClose(rank.weights, whole.weights, tolerance);
    expect(rank.weights, 'weights are the same bits on all ranks').toEqual(ranks[0]!.weights);
  }
}

describe('N ranks with batches of B train as one with N times B', () => {
  it.each([2, 3, 4])('%i ranks', async (size) => {
    const ranks = await onRanks(size, { batchSize: 12 / size });
    const whole = await train(singleProcess(), { batchSize: 12 });
    expect(whole.losses).toHaveLength(4);
    expectSame(ranks, whole);
  });

  it('with any loss, and each view normalized by itself', async () => {
    const options = { customLoss: true, viewBatching: 'separate' } as const;
    const ranks = await onRanks(2, { batchSize: 6, ...options });
    expectSame(ranks, await train(singleProcess(), { batchSize: 12, ...options }));
  });

  it('without synchronized batch normalization as one with groups', async () => {
    // Of a joint batch [view 1; view 2] a group is one view's half, so each view goes by itself here.
    const options = { pictures: 24, maxSteps: 3, viewBatching: 'separate' } as const;
    const ranks = await onRanks(2, { batchSize: 6, synchronize: false, ...options });
    expectSame(ranks, await train(singleProcess(), { batchSize: 12, groups: 2, ...options }));
  });
});

describe('callbacks', () => {
  it('run on rank 0, count the pictures of all, and stop all ranks', async () => {
    const [first, second] = await onRanks(2, { batchSize: 6, stopAt: 1 });
    expect(first!.seen).toEqual(['step 0 of 12', 'step 1 of 12']);
    expect(second!.seen).toEqual([]);
    for (const rank of [first!, second!]) {
      expect(rank).toMatchObject({ outcome: 'stopped', reason: 'enough' });
      expect(rank.losses).toHaveLength(2);
    }
  });

  it('that throw end the other ranks too, with the reason', async () => {
    const answers = await runRanks(program(), 2, { name: 'train', options: { batchSize: 6, throwOn: 1 } });
    expect(answers[0]!.error).toBe('Error: the disk is full');
    expect(answers[1]!.error).toMatch(/^DistributedError: .*rank 0 failed: the disk is full/);
  });
});

describe('ranks that do not fit together', () => {
  it('are told on every rank what differs', async () => {
    const seeds = { batchSize: 6, seeds: [1, 2] };
    for (const { error } of await runRanks(program(), 2, { name: 'train', options: seeds })) {
      expect(error).toBe(
        'DistributedError: dataParallel.fit: every rank must have the same seed. Received: seed=1 on rank 0, seed=2 on rank 1.',
      );
    }
  });

  it('by their data', async () => {
    const options = { batchSize: 6, dropPicture: true };
    for (const { error } of await runRanks(program(), 2, { name: 'train', options })) {
      expect(error).toMatch(
        /same data\. Received: data="pictures \[26,8,8,3\] #\w{8}" on rank 0, data="pictures \[25,/,
      );
    }
  });
});
