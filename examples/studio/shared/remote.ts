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
  return (event) => postMessage({ event });
}

/** The functions of `worker`; pending calls are rejected when it fails. */
export function connect<C, Event = never>(
  worker: Worker,
  onEvent: (event: Event) => void = () => {},
): Remote<C> {
  type Pending = { resolve(value: unknown): void; reject(error: Error): void };
  const pending = new Map<number, Pending>();
  let calls = 0;
  worker.addEventListener('message', ({ data }: MessageEvent<Answer & { event?: Event }>) => {
    if (data.event !== undefined) {
      onEvent(data.event);
      return;
    }
    const call = pending.get(data.call);
    pending.delete(data.call);
    if (data.error) call?.reject(Object.assign(new Error(data.error.message), { name: data.error.name }));
    else call?.resolve(data.result);
  });
  worker.addEventListener('error', ({ message }) => {
    const error = new Error(message || 'The worker could not be started.');
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  });
  return new Proxy({} as Remote<C>, {
    get:
      (_, command: string) =>
      (...args: never[]) =>
        new Promise((resolve, reject) => {
          const call = calls++;
          pending.set(call, { resolve, reject });
          worker.postMessage({ call, command, args } satisfies Call);
        }),
  });
}
