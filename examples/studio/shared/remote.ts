/** Calls from the page to a worker, and events from the worker. */

/** Functions that a worker offers; arguments and results are cloned. */
type Commands = { [name: string]: (...args: never[]) => unknown };

/** The same functions as the page sees them. */
export type Remote<C> = {
  [K in keyof C]: C[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never;
};

interface Call {
  call: number;
  command: string;
  args: never[];
}

interface Answer {
  call: number;
  result?: unknown;
  error?: { name: string; message: string };
}

/** Says that the worker hears calls from now on: what an engine delivers to a worker before that may be lost. */
interface Serving {
  serving: true;
}

/** Offers `commands` to the page that made this worker. @returns a function that sends events to the page */
export function serve<Event>(commands: Commands): (event: Event) => void {
  addEventListener('message', async ({ data: { call, command, args } }: MessageEvent<Call>) => {
    const answer: Answer = { call };
    try {
      answer.result = await commands[command]!(...args);
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      answer.error = { name, message };
    }
    postMessage(answer);
  });
  postMessage({ serving: true } satisfies Serving);
  return (event) => postMessage({ event });
}

type Pending = { message: Call; resolve(value: unknown): void; reject(error: Error): void };

/** Seconds in which a worker must load. */
const startSeconds = 15;
const starts = 3;

/** A worker of the page and what it offers. One that does not start in time is started again. */
export class Connection<C, Event = never> {
  /** The worker's functions. Calls wait until it has started. */
  readonly commands: Remote<C>;
  private readonly pending = new Map<number, Pending>();
  private calls = 0;
  private worker!: Worker;
  private serving = false;
  /** Why no worker serves, and none will until `restart`. */
  private stopped: string | undefined;
  private deadline: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly create: () => Worker,
    private readonly onEvent: (event: Event) => void = () => {},
  ) {
    this.start(starts);
    this.commands = new Proxy({} as Remote<C>, {
      get:
        (_, command: string) =>
        (...args: never[]) =>
          this.call(command, args),
    });
  }

  /** Ends the worker and starts another. Calls under way are rejected. */
  restart(): void {
    this.worker.terminate();
    this.fail('The worker was started again.');
    this.start(starts);
  }

  private start(attempts: number): void {
    const worker = this.create();
    this.worker = worker;
    this.serving = false;
    this.stopped = undefined;
    clearTimeout(this.deadline);
    this.deadline = setTimeout(() => {
      worker.terminate();
      if (attempts > 1) this.start(attempts - 1);
      else this.fail('A part of this page did not start. Load the page again, or try another browser.');
    }, 1000 * startSeconds);
    worker.addEventListener('message', ({ data }: MessageEvent<Serving | Answer | { event: Event }>) => {
      if (worker === this.worker) this.hear(data);
    });
    worker.addEventListener('error', ({ message }) => {
      clearTimeout(this.deadline);
      this.fail(message || 'The worker could not be started.');
    });
  }

  private hear(data: Serving | Answer | { event: Event }): void {
    if ('event' in data) {
      this.onEvent(data.event);
      return;
    }
    if ('serving' in data) {
      clearTimeout(this.deadline);
      this.serving = true;
      for (const { message } of this.pending.values()) this.worker.postMessage(message);
      return;
    }
    const call = this.pending.get(data.call);
    this.pending.delete(data.call);
    if (data.error) call?.reject(Object.assign(new Error(data.error.message), { name: data.error.name }));
    else call?.resolve(data.result);
  }

  private call(command: string, args: never[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.stopped) throw new Error(this.stopped);
      const message: Call = { call: this.calls++, command, args };
      this.pending.set(message.call, { message, resolve, reject });
      if (this.serving) this.worker.postMessage(message);
    });
  }

  private fail(reason: string): void {
    // An error of a worker that serves ends the calls under way; the worker still hears the next.
    if (!this.serving) this.stopped = reason;
    const error = new Error(reason);
    for (const { reject } of this.pending.values()) reject(error);
    this.pending.clear();
  }
}
