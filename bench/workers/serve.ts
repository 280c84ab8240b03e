import { createInterface } from 'node:readline';
import type { Work } from '../work.js';

/** Work that is ready to run. */
export interface Prepared {
  /** Name of the side, with its number of threads. */
  label: string;
  /** Runs the work once, to the end. Returns the loss of a training step. */
  run(): number | undefined | Promise<number | undefined>;
}

/**
 * The worker's half of the conversation of `worker-process.ts`. Ends with the runner, whose end closes the input.
 *
 * @param prepare - Makes the work that the command line describes ready.
 */
export async function serve(prepare: (work: Work, threads: number) => Promise<Prepared>): Promise<void> {
  const say = (reply: object) => process.stdout.write(`${JSON.stringify(reply)}\n`);
  try {
    const { work, threads } = JSON.parse(process.argv[2]!) as { work: Work; threads: number };
    const { label, run } = await prepare(work, threads);
    say({ ready: label, megabytes: peakMegabytes() });
    for await (const line of createInterface({ input: process.stdin })) {
      const { repetitions } = JSON.parse(line) as { repetitions: number };
      const began = performance.now();
      for (let repetition = 0; repetition < repetitions; repetition++) {
        const loss = await run();
        // Arithmetic on NaN takes a different time.
        if (loss !== undefined && !Number.isFinite(loss)) throw new Error(`The loss is ${loss}.`);
      }
      say({ seconds: (performance.now() - began) / 1000, megabytes: peakMegabytes() });
    }
  } catch (error) {
    say({ error: error instanceof Error ? error.message : String(error) });
    process.exitCode = 1;
  }
}

/** Peak resident memory of this process so far. */
function peakMegabytes(): number {
  return process.resourceUsage().maxRSS / 1024;
}

/** "1 thread", "2 threads". */
export function countThreads(threads: number): string {
  return `${threads} thread${threads === 1 ? '' : 's'}`;
}
