import { constants } from '../../src/wasm/module/layout.generated.js';

const { chunksPerThread } = constants.threads;

/** How many of the `left` tasks of a kernel a thread takes at once: see src/wasm/assembly/threads.ts. */
export function chunkOf(left: number, threads: number): number {
  return Math.max(1, Math.floor(left / (chunksPerThread * threads)));
}

/**
 * Time in which threads finish the tasks of a kernel when each takes the next ones as soon as it is free.
 *
 * @param times - Time of each task, in their order.
 */
export function makespan(times: readonly number[], threads: number): number {
  const busyUntil = new Array<number>(threads).fill(0);
  for (let task = 0; task < times.length; ) {
    const end = task + chunkOf(times.length - task, threads);
    const thread = busyUntil.indexOf(Math.min(...busyUntil));
    for (; task < end; task++) busyUntil[thread]! += times[task]!;
  }
  return Math.max(...busyUntil);
}

/** The share of all threads' time that `tasks` equally long tasks keep them busy, in (0, 1]. */
export function evenness(tasks: number, threads: number): number {
  return tasks / (threads * makespan(new Array<number>(tasks).fill(1), threads));
}
