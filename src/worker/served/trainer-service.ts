import { io } from '@tensorflow/tfjs-core';
import { releaseProxy, transfer } from 'comlink';
import { receivedMessage } from '../../errors/checks.js';
import { errorToData } from '../../errors/error-data.js';
import { InvalidOptionError, SimCLRError } from '../../errors/errors.js';
import { toHost } from '../../evaluation/embed-on-host.js';
import { type Callback, progress, SimCLR } from '../../training/index.js';
import { checkPlain } from '../plain-data.js';
import type { BackendStart, FitEvent, Outcome, TrainerFacts, TrainerService } from '../protocol.js';
import type { ServeTrainerOptions } from './serve-options.js';

/** A function of the page. */
type Remote = { [releaseProxy]?: () => void };

/** Sends an event to the page without waiting for it; `settled` fails when the page's function threw. */
class Teller<Args extends unknown[]> {
  settled: Promise<unknown> = Promise.resolve();
  private failure: { error: unknown } | undefined;

  constructor(private readonly tell: (...args: Args) => unknown) {}

  /** @throws what the page's function threw at an earlier event */
  send(...args: Args): void {
    if (this.failure) throw this.failure.error;
    const told = Promise.resolve(this.tell(...args)).catch((error: unknown) => {
      this.failure ??= { error };
    });
    this.settled = Promise.all([this.settled, told]);
  }

  /** Waits until the page has heard all. */
  async end(): Promise<void> {
    await this.settled;
    if (this.failure) throw this.failure.error;
  }
}

async function outcome<T>(
  body: () => T | Promise<T>,
  buffersOf: (value: T) => Transferable[] = () => [],
): Promise<Outcome<T>> {
  try {
    const value = await body();
    return transfer({ value }, buffersOf(value));
  } catch (error) {
    return { error: errorToData(error) };
  }
}

/** Runs what tells the page of its progress, and frees the page's function at the end. */
async function telling<Args extends unknown[], T>(
  tell: ((...args: Args) => unknown) | undefined,
  body: (teller: Teller<Args>) => Promise<T>,
): Promise<T> {
  const teller = new Teller<Args>(tell ?? (() => {}));
  try {
    const result = await body(teller);
    await teller.end();
    return result;
  } finally {
    await teller.settled;
    (tell as Remote | undefined)?.[releaseProxy]?.();
  }
}

/**
 * The trainer of one page in this worker.
 *
 * @param startBackend - Starts the backend unless it has started, and gives its name.
 * @param lifeline - Holds what tells the page that this worker lives.
 * @param release - Called when the trainer is disposed of.
 */
export function trainerService(
  options: ServeTrainerOptions,
  startBackend: (start: BackendStart) => Promise<string>,
  lifeline: () => Promise<boolean>,
  release: () => void,
): TrainerService {
  const { parts = (given) => given, callbacks = [], methods = {} } = options;
  const running = new Map<number, { abort: AbortController; ended: Promise<unknown> }>();
  let made: SimCLR | undefined;
  let disposed = false;

  const trainer = (): SimCLR => {
    if (!made) throw new SimCLRError('RemoteTrainer: the worker has no trainer yet.');
    return made;
  };
  const keep = (simclr: SimCLR): TrainerFacts => {
    if (disposed) simclr.dispose({ includeGiven: true });
    else made = simclr;
    return { backend: backendName, inputSize: simclr.inputSize };
  };
  let backendName = '';

  async function train(...[images, given, call, tell]: Parameters<TrainerService['fit']>) {
    const abort = new AbortController();
    if (call.aborted) abort.abort();
    const history = telling<[FitEvent], Awaited<ReturnType<SimCLR['fit']>>>(tell, (teller) => {
      const own: Callback[] = [
        progress({ everySteps: 1, report: (report) => teller.send({ type: 'progress', report }) }),
        { onEpochEnd: (epoch) => teller.send({ type: 'epoch', epoch }) },
      ];
      return trainer().fit(images, {
        ...given,
        callbacks: [...callbacks, ...own], // what the worker's callbacks measure is told with the epoch
        signal: abort.signal,
      });
    });
    running.set(call.id, { abort, ended: history.catch(() => {}) });
    try {
      return await history;
    } finally {
      running.delete(call.id);
    }
  }

  return {
    start: (start) =>
      outcome(async () => {
        backendName = await startBackend(start);
        return { lifeline: await lifeline() };
      }),
    create: (given) => outcome(() => keep(new SimCLR(parts(given)))),
    load: (source, given) =>
      outcome(async () =>
        keep(
          await SimCLR.load(
            typeof source === 'string' ? source : { load: async () => source },
            parts(given) as typeof given,
          ),
        ),
      ),
    fit: (...args) => outcome(() => train(...args)),
    abort: (id) => running.get(id)?.abort.abort(),
    embed: (images, given, projected, tell) =>
      outcome(
        () =>
          telling(tell, async (teller) => {
            const all = {
              ...given,
              onProgress: (done: number, total: number | undefined) => teller.send(done, total),
            };
            return toHost(await (projected ? trainer().project(images, all) : trainer().embed(images, all)));
          }),
        ({ data }) => [data.buffer as ArrayBuffer],
      ),
    save: (target) =>
      outcome(
        async () => (target === undefined ? artifactsOf(trainer()) : trainer().save(target)),
        (result) => ('weightData' in result ? ([result.weightData].flat() as ArrayBuffer[]) : []),
      ),
    progress: () => outcome(() => ({ ...trainer().progress })),
    summary: () => outcome(() => trainer().summary()),
    call: (name, args) =>
      outcome(async () => {
        const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
        if (typeof method !== 'function') {
          const known = Object.keys(methods);
          const expectation = `name must be one of the worker's methods (${known.length > 0 ? known.join(', ') : 'it has none'})`;
          throw new InvalidOptionError(receivedMessage('RemoteTrainer.call', expectation, 'name', name));
        }
        const result = await method(trainer(), ...(args as never[]));
        checkPlain('RemoteTrainer.call', `the result of ${name}`, result, 'read a tensor with data() first');
        return result;
      }),
    dispose: () =>
      outcome(async () => {
        disposed = true;
        for (const { abort } of running.values()) abort.abort();
        await Promise.all([...running.values()].map(({ ended }) => ended));
        made?.dispose({ includeGiven: true });
        release();
      }),
  };
}

/** What the trainer would save. */
async function artifactsOf(simclr: SimCLR): Promise<io.ModelArtifacts> {
  let saved: io.ModelArtifacts | undefined;
  await simclr.save(
    io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    }),
  );
  return saved!;
}
