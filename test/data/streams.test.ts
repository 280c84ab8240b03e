import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  batch,
  mapStream,
  prefetch,
  repeat,
  type Stream,
  StreamReader,
  shuffle,
  stream,
} from '../../src/data/index.js';
import { DataError, InvalidOptionError } from '../../src/errors/index.js';

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

async function take<T>(elements: AsyncIterable<T>): Promise<T[]> {
  const taken: T[] = [];
  for await (const element of elements) taken.push(element);
  return taken;
}

/** A source that knows how often it was opened and closed. */
function counted(count: number) {
  const calls = { opened: 0, closed: 0, given: 0 };
  const source = stream(async function* (epoch: number) {
    calls.opened++;
    try {
      for (let i = 0; i < count; i++) {
        calls.given++;
        yield 1000 * epoch + i;
      }
    } finally {
      calls.closed++;
    }
  });
  return { source, calls };
}

describe('stream', () => {
  it('goes over arrays, sets, generators and functions of the epoch, from any position', async () => {
    expect(await take(stream([1, 2, 3]))).toEqual([1, 2, 3]);
    expect(stream([1, 2, 3]).size).toBe(3);
    expect(await take(stream([1, 2, 3]).open({ epoch: 4, position: 2 }))).toEqual([3]);
    expect(await take(stream(new Set([1, 2])).open({ position: 1 }))).toEqual([2]);
    const passes = stream((epoch: number) => [epoch, epoch + 1]);
    expect(await take(passes.open({ epoch: 7 }))).toEqual([7, 8]);
    expect(passes.size).toBeUndefined();
    expect(await take(stream(passes))).toEqual([0, 1]);
  });

  it('says that a generator is used up instead of giving nothing', async () => {
    const once = stream(
      (function* () {
        yield 1;
      })(),
    );
    expect(await take(once)).toEqual([1]);
    await expect(take(once.open({ epoch: 1 }))).rejects.toThrow(/iterated only once/);
  });

  it('refuses what cannot be gone over, and positions that are none', async () => {
    expect(() => stream(3 as never)).toThrow(InvalidOptionError);
    await expect(take(stream((() => 3) as never))).rejects.toThrow(/input\(\)=3/);
    expect(() => stream([1]).open({ epoch: -1 })).toThrow(/epoch must be an integer >= 0/);
    expect(() => stream([1]).open({ position: 0.5 })).toThrow(/position must be/);
  });
});

/** What holds of all that is made of streams: opened at a position it gives what a whole pass gives from there. */
async function expectResumes<T>(make: () => Stream<T>, epoch: number, position: number): Promise<void> {
  const whole = await take(make().open({ epoch }));
  expect(await take(make().open({ epoch, position }))).toEqual(whole.slice(position));
}

describe('shuffle', () => {
  it('gives every element once, resumes anywhere, and moves none forward by the buffer or more', async () => {
    const options = fc.record({
      count: fc.nat(60),
      bufferSize: fc.integer({ min: 1, max: 80 }),
      seed: fc.nat(1000),
      epoch: fc.nat(5),
      position: fc.nat(70),
    });
    await fc.assert(
      fc.asyncProperty(options, async ({ count, bufferSize, seed, epoch, position }) => {
        const make = () => shuffle(numbers(count), { bufferSize, seed });
        const order = await take(make().open({ epoch }));
        expect([...order].sort((a, b) => a - b)).toEqual(numbers(count));
        for (const [place, element] of order.entries()) expect(element - place).toBeLessThan(bufferSize);
        await expectResumes(make, epoch, position);
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it('has another order each epoch and for each seed', async () => {
    const order = (seed: number, epoch: number) =>
      take(shuffle(numbers(30), { bufferSize: 30, seed }).open({ epoch }));
    expect(await order(1, 0)).toEqual(await order(1, 0));
    expect(await order(1, 1)).not.toEqual(await order(1, 0));
    expect(await order(2, 0)).not.toEqual(await order(1, 0));
    expect(shuffle(numbers(30), { bufferSize: 3, seed: 5 })).toMatchObject({ size: 30, seed: 5 });
  });

  it('makes all orders of three equally likely when the buffer holds them', async () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 1200; seed++) {
      const order = (await take(shuffle(numbers(3), { bufferSize: 3, seed }))).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    // 200 expected, standard deviation 13
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 200)).toBeLessThan(60);
  });

  it('closes its source when the loop is left', async () => {
    const { source, calls } = counted(100);
    for await (const _ of shuffle(source, { bufferSize: 4 })) break;
    expect(calls).toMatchObject({ opened: 1, closed: 1, given: 5 });
  });

  it('refuses a buffer or a seed that is none', () => {
    expect(() => shuffle([1], { bufferSize: 0 })).toThrow(/bufferSize must be an integer >= 1/);
    expect(() => shuffle([1], { bufferSize: 1, seed: -1 })).toThrow(/seed/);
  });
});

describe('batch and repeat', () => {
  it('cuts, with or without the remainder, and resumes by batches', async () => {
    expect(await take(batch(numbers(5), { batchSize: 2 }))).toEqual([
      [0, 1],
      [2, 3],
    ]);
    const all = batch(numbers(5), { batchSize: 2, dropRemainder: false });
    expect(all.size).toBe(3);
    expect(await take(all.open({ position: 1 }))).toEqual([[2, 3], [4]]);
    expect(batch(numbers(5), { batchSize: 2 }).size).toBe(2);
    expect(() => batch([1], { batchSize: 0 })).toThrow(/batchSize/);
  });

  it('continues with the next pass, and finds a position in it with and without a known size', async () => {
    const sized = repeat(shuffle(numbers(4), { bufferSize: 4 }), { epochs: 3 });
    expect(sized.size).toBe(12);
    const unsized = () => repeat((epoch: number) => [10 * epoch, 10 * epoch + 1].values(), { epochs: 3 });
    expect(await take(unsized())).toEqual([0, 1, 10, 11, 20, 21]);
    expect(await take(unsized().open({ epoch: 1, position: 4 }))).toEqual([50, 51]);
    for (const position of [0, 3, 4, 9, 12, 20]) {
      await expectResumes(() => sized, 0, position);
      await expectResumes(() => sized, 2, position);
      await expectResumes(unsized, 0, position);
    }
  });

  it('never ends unless told, but says when a pass is empty', async () => {
    let seen = 0;
    for await (const _ of repeat(numbers(3))) if (++seen === 20) break;
    expect(seen).toBe(20);
    await expect(take(repeat([]))).rejects.toThrow(DataError);
    expect(() => repeat([1], { epochs: 0 })).toThrow(/epochs/);
  });
});

describe('mapStream and prefetch', () => {
  const soon = () => new Promise((resolve) => setTimeout(resolve, 1));

  it('keeps the order whichever finishes first, with `concurrency` under way', async () => {
    let underWay = 0;
    let most = 0;
    const squares = mapStream(
      numbers(20),
      async (i) => {
        most = Math.max(most, ++underWay);
        for (let turn = 0; turn < (i * 7) % 5; turn++) await soon();
        underWay--;
        return i * i;
      },
      { concurrency: 3 },
    );
    expect(await take(squares)).toEqual(numbers(20).map((i) => i * i));
    expect(most).toBe(3);
    expect(await take(squares.open({ position: 18 }))).toEqual([324, 361]);
  });

  it('reads ahead so far and no further', async () => {
    const { source, calls } = counted(100);
    const reader = prefetch(source, { bufferSize: 4 }).open();
    await reader.next();
    for (let turn = 0; turn < 5; turn++) await soon();
    expect(calls.given).toBe(5);
    await reader.return();
    expect(calls.closed).toBe(1);
  });

  it('throws an error in its place, after the elements before it, and closes the source', async () => {
    const { source, calls } = counted(10);
    const failing = mapStream(
      source,
      async (i) => {
        if (i === 3) throw new Error('three');
        return i;
      },
      { concurrency: 4 },
    );
    const seen: number[] = [];
    const run = async () => {
      for await (const i of failing) seen.push(i);
    };
    await expect(run()).rejects.toThrow('three');
    expect(seen).toEqual([0, 1, 2]);
    expect(calls.closed).toBe(1);
  });

  it('leaves no rejection unhandled when the loop is left before an error', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    try {
      const failing = mapStream(numbers(5), async (i) => Promise.reject(new Error(String(i))), {
        concurrency: 3,
      });
      const reader = failing.open();
      await reader.return();
      const started = failing.open();
      await expect(started.next()).rejects.toThrow('0');
      await soon();
      await soon();
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });

  it('refuses numbers that are none', () => {
    expect(() => prefetch([1], { bufferSize: 0 })).toThrow(/bufferSize/);
    expect(() => mapStream([1], (i) => i, { concurrency: 0 })).toThrow(/concurrency/);
  });
});

describe('StreamReader', () => {
  const make = () => batch(shuffle(numbers(11), { bufferSize: 5, seed: 3 }), { batchSize: 2 });

  it('continues from a saved state exactly where it was, through the end of the epoch', async () => {
    const straight = new StreamReader(make());
    const expected = [...(await take(straight.epoch())), ...(await take(straight.epoch()))];
    expect(straight.state).toEqual({ epoch: 2, position: 0, seed: 3 });
    for (let stop = 0; stop <= 5; stop++) {
      const first = new StreamReader(make());
      const seen: number[][] = [];
      if (stop > 0) {
        for await (const elements of first.epoch()) {
          seen.push(elements);
          if (seen.length === stop) break;
        }
      }
      const second = new StreamReader(make(), JSON.parse(JSON.stringify(first.state)));
      for (; second.state.epoch < 2; ) seen.push(...(await take(second.epoch())));
      expect(seen).toEqual(expected);
    }
  });

  it('refuses a state of another seed, or one that is none', () => {
    expect(() => new StreamReader(make(), { epoch: 0, position: 0, seed: 4 })).toThrow(
      /state.seed must be the seed of the stream, 3/,
    );
    expect(() => new StreamReader(make(), { epoch: 0, position: -1 })).toThrow(InvalidOptionError);
  });
});
