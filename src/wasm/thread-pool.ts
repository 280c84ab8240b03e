import { BackendError } from '../errors/errors.js';
import { messageOf } from '../errors/is-error.js';
import { nodeModule } from './host.js';

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

const serve = 'new WebAssembly.Instance(module, { env: { memory } }).exports.serve(control, thread);';
const nodeCode = `const { module, memory, control, thread } = require('node:worker_threads').workerData; ${serve}`;
const pageCode = `onmessage = ({ data: { module, memory, control, thread } }) => { ${serve} };`;

/** After this long without an answer a thread counts as dead; the longest task takes a fraction of a second. */
const patienceMilliseconds = 30_000;

/** Threads that take tasks of this module's kernels. Those not yet up, or asleep, only make the others do more. */
export class ThreadPool {
  /** Why the pool cannot be used any more. */
  private failure: string | undefined;
  private readonly stops: (() => void)[] = [];

  /**
   * @param size - Threads in all, the calling one included.
   * @param control - Address of the structure that they share, zeros at first.
   */
  constructor(
    readonly size: number,
    private readonly exports: PoolExports,
    private readonly control: number,
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
  ) {
    for (let thread = 1; thread < size; thread++) this.start({ module, memory, control, thread });
  }

  private start(start: Start): void {
    const fail = (reason: unknown) => {
      this.failure ??= `thread ${start.thread} ended: ${messageOf(reason)}`;
    };
    const threads = nodeModule('node:worker_threads');
    if (threads) {
      const worker = new threads.Worker(nodeCode, { eval: true, workerData: start });
      worker.on('error', fail);
      worker.on('exit', (code) => fail(`exit code ${code}`));
      worker.unref(); // the process ends when the user's code does
      this.stops.push(() => void worker.terminate());
    } else {
      const url = URL.createObjectURL(new Blob([pageCode], { type: 'text/javascript' }));
      const worker = new Worker(url);
      worker.onerror = (event) => {
        event.preventDefault(); // the next call says it; unprevented it would end the worker around this one too
        fail(event.message);
      };
      worker.postMessage(start);
      URL.revokeObjectURL(url);
      this.stops.push(() => worker.terminate());
    }
  }

  /**
   * Does all tasks of a piece of work, on every thread.
   *
   * @throws `BackendError` when a thread died: at once, or when it does not answer.
   */
  dispatch(kind: number, work: number, tasks: number, scratch: number, scratchBytes: number): void {
    if (this.failure === undefined) {
      this.exports.begin(this.control, kind, work, tasks, scratch, scratchBytes);
      const deadline = performance.now() + patienceMilliseconds;
      while (!this.exports.finish(this.control)) {
        if (performance.now() > deadline) {
          this.failure = `a thread has not answered for ${patienceMilliseconds / 1000} s`;
          break;
        }
      }
    }
    if (this.failure !== undefined) {
      throw new BackendError(
        `simclr-ts/wasm: its threads must all be alive. Received: ${this.failure}. Start the process or page anew; the last checkpoint is good.`,
      );
    }
  }

  /** Ends the threads; the pool cannot be used any more. */
  dispose(): void {
    this.failure ??= 'the pool was disposed of';
    for (const stop of this.stops) stop();
  }
}
