import { nodeModule } from '../../backend/host.js';
import { RunningTimeout } from '../../backend/running-timeout.js';
import { BackendError } from '../../errors/errors.js';
import { messageOf } from '../../errors/is-error.js';
import { poolBytes } from '../module/layout.generated.js';

/** The functions of assembly/threads.ts that the calling thread uses. */
export interface PoolExports {
  begin(
    control: number,
    kind: number,
    work: number,
    tasks: number,
    scratch: number,
    scratchBytes: number,
  ): void;
  finish(control: number): number;
}

/** What a thread is told when it starts. */
interface Start {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  control: number;
  thread: number;
}

// In words of scripts and modules alike: hosts differ in which of the two they take a text for.
const serve = (start: string) =>
  `const start = ${start};
  new WebAssembly.Instance(start.module, { env: { memory: start.memory } }).exports.serve(start.control, start.thread);`;
const nodeCode = serve("process.getBuiltinModule('node:worker_threads').workerData");
const pageCode = `onmessage = (message) => { ${serve('message.data')} };`;

/** After this long without an answer a thread counts as dead; the longest task takes a fraction of a second. */
const answerMilliseconds = 30_000;
/** Milliseconds from one poll to the next that count at most; a poll takes about one. */
const longestPoll = 100;
/** For so long a thread may be waited for that has not yet started. */
const startMilliseconds = 10_000;

/** Size of the structure that the threads of a pool share, with what follows it. */
export function controlBytes(threads: number): number {
  return Math.ceil((poolBytes + 4 * threads) / 128) * 128; // cache lines of its own
}

/** Threads that take tasks of this module's kernels. Those not yet up, or asleep, only make the others do more. */
export class ThreadPool {
  /** Why the pool cannot be used any more. */
  private failure: string | undefined;
  /** Threads that ended before they served, and why. */
  private readonly missing = new Map<number, string>();
  private readonly stops: (() => void)[] = [];
  /** The shared structure. */
  private readonly shared: Int32Array;

  /**
   * @param size - Threads in all, the calling one included.
   * @param control - Address of the structure that they share, zeros at first; {@link controlBytes} of it.
   */
  constructor(
    readonly size: number,
    private readonly exports: PoolExports,
    private readonly control: number,
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    private readonly answerTimeout = answerMilliseconds,
  ) {
    this.shared = new Int32Array(memory.buffer, control, controlBytes(size) / 4);
    for (let thread = 1; thread < size; thread++) {
      try {
        this.start({ module, memory, control, thread });
      } catch (error) {
        this.ended(thread, error);
      }
    }
  }

  private start(start: Start): void {
    const ended = (reason: unknown) => this.ended(start.thread, reason);
    const threads = nodeModule('node:worker_threads');
    if (threads) {
      // Options of the process, those in its environment too, are for its own program: instrumentation has no place
      // in threads that never return to their event loop.
      const worker = new threads.Worker(nodeCode, { eval: true, workerData: start, execArgv: [], env: {} });
      worker.on('error', ended);
      worker.on('exit', (code) => ended(`exit code ${code}`));
      worker.unref(); // the process ends when the user's code does
      this.stops.push(() => void worker.terminate());
    } else {
      const url = URL.createObjectURL(new Blob([pageCode], { type: 'text/javascript' }));
      const worker = new Worker(url);
      worker.onerror = (event) => {
        event.preventDefault(); // the next call says it; unprevented it would end the worker around this one too
        ended(event.message || 'it was refused');
      };
      worker.postMessage(start);
      URL.revokeObjectURL(url);
      this.stops.push(() => worker.terminate());
    }
  }

  /** Whether a thread has begun to take tasks. */
  private serves(thread: number): boolean {
    return Atomics.load(this.shared, poolBytes / 4 + thread) === 1;
  }

  /** A thread that served may have taken a task with it; without one that never did there is one fewer. */
  private ended(thread: number, reason: unknown): void {
    if (this.failure !== undefined || this.missing.has(thread)) return;
    const text = messageOf(reason);
    if (this.serves(thread)) {
      this.failure = `thread ${thread} ended: ${text}`;
      return;
    }
    if (this.missing.size === 0) {
      console.warn(
        `simclr-ts/wasm: fewer threads than ${this.size}, because thread ${thread} did not start: ${text}`,
      );
    }
    this.missing.set(thread, text);
  }

  /** Threads that there are: without those that did not start. */
  get threads(): number {
    return this.size - this.missing.size;
  }

  /**
   * Resolves when every thread serves or is known to be missing, or has taken too long.
   *
   * @returns Why some are missing; `undefined` where none is.
   */
  async started(): Promise<string | undefined> {
    const others = Array.from({ length: this.size - 1 }, (_, index) => index + 1);
    const deadline = performance.now() + startMilliseconds;
    const pending = () => others.filter((thread) => !this.serves(thread) && !this.missing.has(thread));
    while (pending().length > 0 && this.failure === undefined && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    if (this.failure !== undefined) return this.failure;
    const [first] = this.missing;
    if (first) return `thread ${first[0]} did not start: ${first[1]}`;
    const [late] = pending();
    return late === undefined ? undefined : `thread ${late} has not started in ${startMilliseconds / 1000} s`;
  }

  /**
   * Does all tasks of a piece of work, on every thread.
   *
   * @throws `BackendError` when a thread died: at once, or when it does not answer.
   */
  dispatch(kind: number, work: number, tasks: number, scratch: number, scratchBytes: number): void {
    if (this.failure === undefined) {
      this.exports.begin(this.control, kind, work, tasks, scratch, scratchBytes);
      this.finish();
    }
    if (this.failure !== undefined) {
      throw new BackendError(
        `simclr-ts/wasm: its threads must all be alive. Received: ${this.failure}. Start the process or page anew; the last checkpoint is good.`,
      );
    }
  }

  /** Waits for the tasks of the other threads. */
  private finish(): void {
    const timeout = new RunningTimeout(this.answerTimeout, longestPoll);
    while (!this.exports.finish(this.control)) {
      if (timeout.hasExpired()) {
        this.failure = `a thread has not answered for ${this.answerTimeout / 1000} s`;
        return;
      }
    }
  }

  /** Ends the threads; the pool cannot be used any more. */
  dispose(): void {
    this.failure ??= 'the pool was disposed of';
    for (const stop of this.stops) stop();
  }
}
