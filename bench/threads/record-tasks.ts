import { kernelModule, kinds } from '../../src/wasm/module/kernel-module.js';

/** One run of a kernel on the pool. */
export interface Dispatch {
  /** Name of the kernel in src/wasm/assembly/run.ts. */
  kind: string;
  /** Milliseconds of each task, one after the other on one thread. */
  times: number[];
}

/** What a step does on the pool, and how long it takes on one thread. */
export interface RecordedStep {
  dispatches: Dispatch[];
  /** Milliseconds outside the pool, on the thread that calls. */
  serial: number;
}

/** The parts of the kernel module that are watched. */
interface Watched {
  run(kind: number, work: number, first: number, last: number, scratch: number): void;
  block(name: string, bytes: number): number;
  dispatch(kind: number, work: number, tasks: number, scratchBytes?: number): void;
}

const names = new Map<number, string>(Object.entries(kinds).map(([name, kind]) => [kind, name]));

/**
 * Records the tasks into which kernels of the active wasm backend divide a step for a number of threads. They run on the
 * calling thread, one at a time, so that this machine need not have as many cores.
 *
 * @param step - Makes equal calls of kernels each time.
 * @param rounds - Measured steps; times are the shortest of them, because other work of the machine only adds.
 */
export function recordTasks(step: () => unknown, threads: number, rounds = 5): RecordedStep {
  const module = kernelModule() as unknown as Watched;
  let dispatches: Dispatch[] = [];
  let inPool = 0;
  const watched: PropertyDescriptorMap & ThisType<Watched> = {
    threads: { configurable: true, get: () => threads },
    dispatch: {
      configurable: true,
      value(kind: number, work: number, tasks: number, scratchBytes = 64) {
        const scratch = module.block('scratch', scratchBytes);
        const times: number[] = [];
        const began = performance.now();
        let before = began;
        for (let task = 0; task < tasks; task++) {
          module.run(kind, work, task, task + 1, scratch);
          const now = performance.now();
          times.push(now - before);
          before = now;
        }
        inPool += before - began;
        dispatches.push({ kind: names.get(kind)!, times });
      },
    },
  };
  const all: Dispatch[][] = [];
  const serial: number[] = [];
  Object.defineProperties(module, watched);
  try {
    for (let round = 0; round < rounds; round++) {
      dispatches = [];
      inPool = 0;
      const began = performance.now();
      step();
      const whole = performance.now() - began;
      all.push(dispatches);
      serial.push(whole - inPool);
    }
  } finally {
    for (const name of Object.keys(watched)) Reflect.deleteProperty(module, name);
  }
  return {
    dispatches: all[0]!.map(({ kind, times }, index) => ({
      kind,
      times: times.map((_, task) => Math.min(...all.map((round) => round[index]!.times[task]!))),
    })),
    serial: Math.min(...serial),
  };
}
