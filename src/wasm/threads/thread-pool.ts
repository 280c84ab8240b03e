import { nodeModule } from '../../backend/host.js';
import { RunningTimeout } from '../../backend/running-timeout.js';
import { BackendError } from '../../errors/errors.js';
import { messageOf } from '../../errors/is-error.js';
import { poolBytes } from '../module/layout.generated.js';

/** The functions of assembly/threads.ts that the calling thread uses. */
export interface PoolExports {
  begin(
    control: number,
    threads: number,
    kind: number,
    work: number,
    tasks: number,
    scratch: number,
    scratchBytes: number,
  ): void;
  finish(control: number): number;
}

/** What a thread receives when it starts. */
interface Start {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  control: number;
  thread: number;
}

// Valid as a script and as a module, because hosts differ in which of the two they take it for.
const serve = (start: string) =>
  `const start = ${start};
  new WebAssembly.Instance(start.module, { env: { memory: start.memory } }).exports.serve(start.control, start.thread);`;
const nodeCode = serve("process.getBuiltinModule('node:worker_threads').workerData");
const pageCode = `onmessage = (message) => { ${serve('message.data')} };`;

/** A thread that has not answered for this long counts as dead. The longest task takes a fraction of a second. */
const timeoutMilliseconds = 30_000;
/** A poll takes about a millisecond; after a longer gap the process was paused, and the gap does not count. */
const maxPollMilliseconds = 100;
/** How long {@link ThreadPool.started} waits for threads. */
const startTimeoutMilliseconds = 10_000;

/** Bytes of the structure that the threads of a pool share, and of the flags after it. */
export function controlBytes(threads: number): number {
  return Math.ceil((poolBytes + 4 * threads) / 128) * 128; // no cache line is shared with other data
}

/** Threads that run tasks of the kernels. When some have not started or are asleep, the others do their share. */
export class ThreadPool {
  /** Why the pool is unusable. */
  private failure: string | undefined;
  /** Threads that failed to start, and why. */
  private readonly notStarted = new Map<number, string>();
  private readonly terminators: (() => void)[] = [];
  /** The structure that the threads share, and the flags after it. */
  private readonly shared: Int32Array;

  /**
   * @param size - Number of threads, the calling one included.
   * @param control - Address of the shared structure: {@link controlBytes} zeros.
   */
  constructor(
    readonly size: number,
    private readonly exports: PoolExports,
    private readonly control: number,
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    private readonly timeout = timeoutMilliseconds,
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
      // Options of the process, also those in its environment, are meant for its own program. Instrumentation has no
      // place in threads that never return to their event loop.
      const worker = new threads.Worker(nodeCode, { eval: true, workerData: start, execArgv: [], env: {} });
      worker.on('error', ended);
      worker.on('exit', (code) => ended(`exit code ${code}`));
      worker.unref(); // the process ends when the user's code does
      this.terminators.push(() => void worker.terminate());
    } else {
      const url = URL.createObjectURL(new Blob([pageCode], { type: 'text/javascript' }));
      const worker = new Worker(url);
      worker.onerror = (event) => {
        event.preventDefault(); // the next call throws it; by default it would also end the worker that runs this one
        ended(event.message || 'the browser refused it');
      };
      worker.postMessage(start);
      URL.revokeObjectURL(url);
      this.terminators.push(() => worker.terminate());
    }
  }

  /** Whether a thread takes tasks. */
  private isReady(thread: number): boolean {
    return Atomics.load(this.shared, poolBytes / 4 + thread) === 1;
  }

  /** A thread that was ready may have died with a task, so the pool fails. Without a thread that never started it continues. */
  private ended(thread: number, reason: unknown): void {
    if (this.failure !== undefined || this.notStarted.has(thread)) return;
    const text = messageOf(reason);
    if (this.isReady(thread)) {
      this.failure = `thread ${thread} ended: ${text}`;
      return;
    }
    if (this.notStarted.size === 0) {
      console.warn(
        `simclr-ts/wasm runs on fewer than ${this.size} threads, because thread ${thread} did not start: ${text}`,
      );
    }
    this.notStarted.set(thread, text);
  }

  /** Number of threads, without those that failed to start. */
  get threads(): number {
    return this.size - this.notStarted.size;
  }

  /**
   * Resolves when every thread is ready, has failed to start, or has taken too long.
   *
   * @returns Why a thread is not ready; `undefined` if all are.
   */
  async started(): Promise<string | undefined> {
    const others = Array.from({ length: this.size - 1 }, (_, index) => index + 1);
    const deadline = performance.now() + startTimeoutMilliseconds;
    const pending = () => others.filter((thread) => !this.isReady(thread) && !this.notStarted.has(thread));
    while (pending().length > 0 && this.failure === undefined && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    if (this.failure !== undefined) return this.failure;
    const [first] = this.notStarted;
    if (first) return `thread ${first[0]} did not start: ${first[1]}`;
    const [late] = pending();
    return late === undefined
      ? undefined
      : `thread ${late} has not started in ${startTimeoutMilliseconds / 1000} s`;
  }

  /**
   * Runs all tasks of a kernel on all threads.
   *
   * @throws `BackendError` when a thread has died or does not answer.
   */
  dispatch(kind: number, work: number, tasks: number, scratch: number, scratchBytes: number): void {
    if (this.failure === undefined) {
      this.exports.begin(this.control, this.threads, kind, work, tasks, scratch, scratchBytes);
      this.finish();
    }
    if (this.failure !== undefined) {
      throw new BackendError(
        `simclr-ts/wasm: all its threads must be alive. Received: ${this.failure}. Restart the process or reload the page; the last checkpoint is intact.`,
      );
    }
  }

  /** Waits for the other threads to finish their tasks. */
  private finish(): void {
    if (this.exports.finish(this.control)) return;
    const timeout = new RunningTimeout(this.timeout, maxPollMilliseconds);
    while (!this.exports.finish(this.control)) {
      if (timeout.hasExpired()) {
        this.failure = `a thread has not answered for ${this.timeout / 1000} s`;
        return;
      }
    }
  }

  /** Ends the threads. Afterwards the pool is unusable. */
  dispose(): void {
    this.failure ??= 'the pool was disposed of';
    for (const stop of this.terminators) stop();
  }
}
