import { type Remote, wrap } from 'comlink';
import { errorFromData } from '../../errors/error-data.js';
import { SimCLRError, WorkerError } from '../../errors/errors.js';
import { hear, type TrainerWorker } from '../endpoint.js';
import { watchLifeline } from '../lifeline.js';
import {
  type BackendStart,
  type Greeting,
  isGreeting,
  type Outcome,
  type TrainerService,
} from '../protocol.js';

/** A channel of its own to one trainer in a worker. Every call is rejected when the worker ends. */
export class Connection {
  private readonly channel = new MessageChannel();
  private readonly service: Remote<TrainerService> = wrap(this.channel.port1);
  private readonly waiting = new Set<(error: Error) => void>();
  private readonly forget: (() => void)[] = [];
  private readonly lifeline = `simclr-ts ${crypto.getRandomValues(new Uint32Array(4)).join('-')}`;
  private ended: Error | undefined;
  private serving = false;
  /** The last error that nobody caught in the worker. */
  private uncaught: string | undefined;

  /** @param owned - Whether to end the worker with the connection. */
  constructor(
    private readonly worker: TrainerWorker,
    private readonly owned: boolean,
  ) {
    const ended = (what: string) => this.end(what);
    this.forget.push(
      hear(worker, 'error', ({ message }) => {
        this.uncaught = String(message ?? 'its file could not be loaded');
        if (!this.serving) ended('one that could not start');
      }),
      // A worker of Node tells it after its last error, a port before.
      worker.addEventListener
        ? hear(this.channel.port1, 'close', () => ended('one that ended'))
        : hear(worker, 'exit', () => ended('one that ended')),
    );
  }

  /**
   * Waits for the worker's file and for the backend.
   *
   * @returns Whether the backend started in time.
   * @throws `WorkerError` when the file does not load in time, or the worker ends.
   */
  async start(caller: string, seconds: number, start: BackendStart): Promise<boolean> {
    const loaded = await this.unlessEnded(caller, within(seconds, this.greet()));
    if (loaded === late) {
      throw new WorkerError(
        `${caller}: the worker's file must call serveTrainer. Received: no sign of it within ${seconds} s; does the file load, and is it a module where it has imports?`,
      );
    }
    const { port2 } = this.channel;
    this.say({ simclr: 'connect', port: port2, lifeline: this.lifeline }, [port2]);
    const started = await within(
      seconds,
      this.call(caller, (service) => service.start(start)),
    );
    if (started === late) return false;
    if (started.lifeline) {
      this.forget.push(watchLifeline(this.lifeline, () => this.end('one that ended')));
    }
    return true;
  }

  /** Resolves when the worker says that it serves. */
  private greet(): Promise<void> {
    return new Promise((resolve) => {
      const silence = hear(this.worker, 'message', ({ data }) => {
        if (!isGreeting(data, 'serving')) return;
        this.serving = true;
        silence();
        resolve();
      });
      this.forget.push(silence);
      this.say({ simclr: 'hello' });
    });
  }

  private say(message: Greeting, transfer: Transferable[] = []): void {
    this.worker.postMessage(message, transfer as never[]);
  }

  /** The result of a call in the worker. @throws what was thrown there, or `WorkerError` when the worker ends */
  async call<T>(caller: string, run: (service: Remote<TrainerService>) => Promise<Outcome<T>>): Promise<T> {
    const outcome = await this.unlessEnded(caller, () => run(this.service));
    if ('error' in outcome) throw errorFromData(outcome.error);
    return outcome.value;
  }

  /** Calls without waiting for a result. */
  post(run: (service: Remote<TrainerService>) => Promise<unknown>): void {
    if (this.ended === undefined) run(this.service).catch(() => {}); // the worker ended meanwhile
  }

  private async unlessEnded<T>(caller: string, work: Promise<T> | (() => Promise<T>)): Promise<T> {
    if (this.ended) throw named(caller, this.ended);
    let reject = (_: Error) => {};
    const end = new Promise<never>((_, fail) => {
      reject = (error) => fail(named(caller, error));
    });
    this.waiting.add(reject);
    try {
      return await Promise.race([typeof work === 'function' ? work() : work, end]);
    } finally {
      this.waiting.delete(reject);
    }
  }

  /** The worker is there no longer. */
  private end(what: string): void {
    const because = this.uncaught === undefined ? '' : ` (${this.uncaught})`;
    this.close(new WorkerError(`the worker must live as long as its trainer. Received: ${what}${because}.`));
  }

  /** Ends the connection, and the worker where it is owned. Calls that wait, and all later ones, are rejected. */
  close(
    reason: Error = new SimCLRError('the trainer must not be disposed of. Received: a call after dispose.'),
  ): void {
    if (this.ended) return;
    this.ended = reason;
    for (const forget of this.forget) forget();
    for (const reject of this.waiting) reject(reason);
    this.channel.port1.close();
    this.channel.port2.close();
    if (this.owned) this.worker.terminate?.();
  }

  /** Disposes of the trainer in the worker, then closes. */
  async dispose(seconds: number): Promise<void> {
    if (this.ended) return;
    const caller = 'RemoteTrainer.dispose';
    const disposed = this.call(caller, (service) => service.dispose());
    try {
      // A worker that is ended anyway need not answer.
      await (this.owned ? within(seconds, disposed) : disposed);
    } catch (error) {
      if (!this.ended) throw error;
    } finally {
      this.close();
    }
  }
}

/** The error with the function that was called in front. */
function named(caller: string, { name, message }: Error): Error {
  const text = `${caller}: ${message}`;
  return name === 'WorkerError' ? new WorkerError(text) : new SimCLRError(text);
}

const late = Symbol('late');

/** What a promise gives, or `late` after some seconds. */
async function within<T>(seconds: number, work: Promise<T>): Promise<T | typeof late> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<typeof late>((resolve) => {
    timer = setTimeout(() => resolve(late), 1000 * seconds);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
