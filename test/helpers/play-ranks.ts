import { type Communicator, singleProcess } from 'simclr-ts/distributed';

/** Rank `rank` of `size`. Its collective operations use what all ranks recorded in earlier rounds: see `playAll`. */
function actor(rank: number, size: number, script: Float64Array[][], calls: { count: number }): Communicator {
  const exchange = (values: ArrayLike<number>): Float64Array[] => {
    const call = calls.count++;
    script[call] ??= [];
    script[call]![rank] = Float64Array.from(values);
    return Array.from(
      { length: size },
      (_, other) => script[call]![other] ?? new Float64Array(values.length),
    );
  };
  return {
    ...singleProcess(),
    rank,
    size,
    synchronous: {
      allReduce(values) {
        const all = exchange(values);
        for (let i = 0; i < values.length; i++) values[i] = all.reduce((sum, other) => sum + other[i]!, 0);
      },
      allGather<T>(values: T): T {
        return Float32Array.from(exchange(values as never).flatMap((part) => [...part])) as T;
      },
    },
  };
}

/**
 * Plays all ranks in one thread, round after round. What a rank sends in an operation is right as soon as everything it
 * received before is right, so after one round per operation everything is right.
 */
export function playAll<T>(size: number, play: (communicator: Communicator) => T): T[] {
  const script: Float64Array[][] = [];
  let results: T[] = [];
  for (let round = 0; round < 5; round++) {
    results = Array.from({ length: size }, (_, rank) => play(actor(rank, size, script, { count: 0 })));
  }
  return results;
}
