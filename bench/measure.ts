import { setTimeout as sleep } from 'node:timers/promises';

/** Resident memory of a process, in MB. */
export interface Memory {
  /** After the work was prepared. */
  prepared: number;
  /** Peak so far. */
  peak: number;
}

/** A process that holds prepared work and runs it on request. */
export interface Worker {
  /** Name of the side, as printed: `'PyTorch 1.13, 2 threads'`. */
  readonly label: string;
  /** Runs the work `repetitions` times and returns the seconds that all of them took. */
  run(repetitions: number): Promise<number>;
  /** Its resident memory, if it has reported it. */
  readonly memory: Readonly<Memory>;
  /** Ends the process. */
  close(): Promise<void>;
}

/** How often something is measured. */
export interface MeasureOptions {
  /** Measured turns of each side, at least 1. */
  rounds: number;
  /** Unmeasured turns of each side before them, at least 1. */
  warmups: number;
  /**
   * A turn repeats work that is shorter than this, in seconds.
   * @defaultValue 0.2
   */
  shortestTurn?: number;
  /**
   * Rest between turns, in seconds: threads of numerical libraries spin for a while after their work, and would take
   * a core away from the other side.
   * @defaultValue 0.25
   */
  rest?: number;
}

/** Seconds of one run of the work, one number a round. */
export interface Timings {
  ours: number[];
  baseline: number[];
}

/**
 * Times two workers in turns, ours, baseline, ours, baseline, ..., never both at once, so that other load
 * affects both alike.
 */
export async function interleave(
  ours: Worker,
  baseline: Worker,
  { rounds, warmups, shortestTurn = 0.2, rest = 0.25 }: MeasureOptions,
): Promise<Timings> {
  const sides = [ours, baseline].map((worker) => ({ worker, repetitions: 1, seconds: [] as number[] }));
  for (let turn = -warmups; turn < rounds; turn++) {
    for (const side of sides) {
      await sleep(rest * 1000);
      const seconds = (await side.worker.run(side.repetitions)) / side.repetitions;
      if (turn >= 0) side.seconds.push(seconds);
      else side.repetitions = Math.max(1, Math.ceil(shortestTurn / Math.max(seconds, 1e-6)));
    }
  }
  return { ours: sides[0]!.seconds, baseline: sides[1]!.seconds };
}
