import { describe, expect, it } from 'vitest';
import {
  abortGroup,
  type Communicator,
  checkRanksAgree,
  singleProcess,
  workerCommunicator,
  workerGroup,
} from '../../src/distributed/index.js';
import { DistributedError, InvalidOptionError } from '../../src/errors/index.js';
import { bundled, runRanks } from './start-ranks.js';

const program = bundled('worker-program.ts');

/** Runs `body` as each of `size` ranks, all in this thread. */
function asRanks<T>(size: number, body: (communicator: Communicator) => Promise<T>) {
  const group = workerGroup(size, { slotBytes: 64 });
  return Promise.allSettled(Array.from({ length: size }, (_, rank) => body(workerCommunicator(group, rank))));
}

describe('workerCommunicator', () => {
  it.each([1, 2, 3])('joins %i threads, waiting with and without promises', async (size) => {
    const answers = await runRanks(program(), size, { name: 'collectives' });
    const long = (rank: number) => Array.from({ length: 2500 }, (_, i) => i + rank);
    const ranks = Array.from({ length: size }, (_, rank) => rank);
    const sum = Array.from({ length: 2500 }, (_, i) => size * i + (size * (size - 1)) / 2);
    for (const { value, error } of answers) {
      expect(error).toBeUndefined();
      expect(value).toEqual({
        sum,
        sumNow: sum,
        extremes: [
          [size - 1, 0],
          [0, size === 1 ? -0 : 1 - size],
        ],
        root: [size - 1, 7],
        gathered: ranks.flatMap((rank) => [rank, 10 * rank]),
        gatheredNow: ranks.flatMap(long),
      });
    }
  });

  it('names calls that do not fit each other', async () => {
    for (const { error } of await runRanks(program(), 2, { name: 'mismatch' })) {
      expect(error).toMatch(/DistributedError: allReduce (sum|max): every rank must make the same call\./);
      expect(error).toMatch(/allReduce sum of Float32Array\(2\) on rank 0/);
      expect(error).toMatch(/allReduce max of Float32Array\(3\) on rank 1/);
    }
  });

  it('tells the others that a rank died, and why', async () => {
    const [first, second] = await runRanks(program(), 2, { name: 'die' });
    expect(second!.error).toBe('ended with code 3');
    expect(first!.error).toMatch(/DistributedError: .*rank 1 ended with code 3/);
  });

  it('sums the same bits on every rank, whatever the order of arrival', async () => {
    const results = await asRanks(3, async (communicator) => {
      const values = Float32Array.from({ length: 100 }, (_, i) => Math.sin(i + 100 * communicator.rank));
      await communicator.allReduce(values);
      return values;
    });
    const [first, ...others] = results.map(
      (result) => (result as PromiseFulfilledResult<Float32Array>).value,
    );
    for (const other of others) expect(other).toEqual(first);
  });

  it('gives up after its timeout', async () => {
    const lonely = workerCommunicator(workerGroup(2), 0, { timeoutSeconds: 0.05 });
    await expect(lonely.barrier()).rejects.toThrow(/Rank 0 waited 0.05 s for the others; has/);
    const again = workerCommunicator(workerGroup(2), 0, { timeoutSeconds: 0.05 });
    expect(() => again.synchronous!.allReduce(new Float32Array(1))).toThrow(DistributedError);
  });

  it('refuses a second operation before the end of the first', async () => {
    const communicator = workerCommunicator(workerGroup(2), 0, { timeoutSeconds: 0.1 });
    const first = communicator.barrier();
    await expect(communicator.barrier()).rejects.toThrow(/one operation at a time/);
    await expect(first).rejects.toThrow(DistributedError);
  });

  it('refuses ranks and sizes that are none', () => {
    expect(() => workerGroup(0)).toThrow(InvalidOptionError);
    expect(() => workerGroup(2, { slotBytes: 12 })).toThrow(InvalidOptionError);
    expect(() => workerCommunicator(workerGroup(2), 2)).toThrow('rank must be less than');
    expect(() => workerCommunicator(workerGroup(2), -1)).toThrow(InvalidOptionError);
    expect(() => workerCommunicator(workerGroup(2), 0, { timeoutSeconds: 0 })).toThrow(InvalidOptionError);
  });

  it('keeps the first reason of an end', async () => {
    const group = workerGroup(2);
    abortGroup(group, 'the first');
    abortGroup(group, 'the second');
    await expect(workerCommunicator(group, 1).barrier()).rejects.toThrow('told to end: the first');
  });
});

describe('singleProcess', () => {
  it('gives back what it gets', async () => {
    const communicator = singleProcess();
    const values = Float32Array.of(1, 2);
    await communicator.allReduce(values);
    await communicator.broadcast(values);
    await communicator.barrier();
    const gathered = await communicator.allGather(values);
    expect([...values, ...gathered]).toEqual([1, 2, 1, 2]);
    expect(gathered).not.toBe(values);
    expect(communicator.synchronous!.allGather(values)).toEqual(values);
  });
});

describe('checkRanksAgree', () => {
  it('names what differs, and where', async () => {
    const results = await asRanks(4, (communicator) =>
      checkRanksAgree('here', { seed: communicator.rank === 2 ? 1 : 0, same: [1], text: 'ü' }, communicator),
    );
    for (const result of results) {
      expect(result).toMatchObject({ status: 'rejected' });
      expect((result as PromiseRejectedResult).reason).toBeInstanceOf(DistributedError);
      expect((result as PromiseRejectedResult).reason.message).toBe(
        'here: every rank must have the same seed. Received: seed=0 on ranks 0, 1, 3, seed=1 on rank 2.',
      );
    }
  });

  it('shows long values where they differ', async () => {
    const results = await asRanks(2, (communicator) =>
      checkRanksAgree('here', { layers: `${'x'.repeat(300)}${communicator.rank}` }, communicator),
    );
    expect((results[0] as PromiseRejectedResult).reason.message).toMatch(
      /Received: layers=\.\.\.x{20}0" on rank 0, layers=\.\.\.x{20}1" on rank 1\.$/,
    );
  });
});
