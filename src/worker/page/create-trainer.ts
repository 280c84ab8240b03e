import type { io } from '@tensorflow/tfjs-core';
import type { Remote } from 'comlink';
import { checkKeys } from '../../errors/check-keys.js';
import { checkFunction, checkPositive, receivedMessage } from '../../errors/checks.js';
import { CheckpointError, InvalidOptionError, WorkerError } from '../../errors/errors.js';
import { isTrainerWorker, type TrainerWorker } from '../endpoint.js';
import { checkPlain } from '../plain-data.js';
import type { BackendStart, Outcome, TrainerFacts, TrainerService } from '../protocol.js';
import { Connection } from './connection.js';
import {
  loadKeys,
  type RemoteLoadOptions,
  type RemoteTrainerOptions,
  trainerKeys,
  type WorkerStartOptions,
} from './remote-options.js';
import { RemoteTrainer } from './remote-trainer.js';

/**
 * Makes a trainer in a worker, so that training does not block the page. The worker's file calls {@link serveTrainer}.
 *
 * @param worker - A function that makes the worker: it is ended by `dispose`, and where its backend does not start in time
 * another is made, with half the threads and then with one. Or a worker of your own (of the web or of
 * `node:worker_threads`, or a port to one), which stays yours.
 * @param options - Those of `SimCLR` as plain data, and how long to wait.
 * @throws `WorkerError` when the worker's file does not load, does not call `serveTrainer`, or its backend does not
 * start within `startSeconds`.
 * @throws `InvalidOptionError`, `ShapeError` on a wrong option; `BackendError` when the worker has no
 * backend.
 * @example
 * const worker = () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
 * const trainer = await createTrainer(worker, { encoder: { name: 'resnet18', inputShape: [32, 32, 3], stem: 'small' } });
 * await trainer.fit(images, { epochs: 10, onProgress: ({ text }) => console.log(text) });
 * const { data, shape } = await trainer.embed(images);
 * await trainer.dispose();
 */
export async function createTrainer(
  worker: TrainerWorker | (() => TrainerWorker),
  options: RemoteTrainerOptions = {},
): Promise<RemoteTrainer> {
  checkKeys<RemoteTrainerOptions>('createTrainer', options, trainerKeys);
  return open('createTrainer', worker, options, (parts) => (service) => service.create(parts));
}

/**
 * Loads what `save` wrote into a trainer in a worker.
 *
 * @param worker - As for {@link createTrainer}.
 * @param source - An IO handler of this side, such as `directory(path)` or what `latestCheckpoint` found; or a URL that the
 * worker loads from, such as `'indexeddb://my-model'`.
 * @param options - Those of `SimCLR.load` that are plain data, and how long to wait.
 * @throws `CheckpointError` when `source` is not what `save` wrote, and as {@link createTrainer}.
 */
export async function loadTrainer(
  worker: TrainerWorker | (() => TrainerWorker),
  source: io.IOHandler | string,
  options: RemoteLoadOptions = {},
): Promise<RemoteTrainer> {
  const caller = 'loadTrainer';
  checkKeys(caller, options, loadKeys);
  if (typeof source !== 'string' && typeof source?.load !== 'function') {
    const expectation = 'source must be an IO handler that loads, or the URL of one';
    throw new CheckpointError(receivedMessage(caller, expectation, 'source', source));
  }
  const saved = typeof source === 'string' ? source : plainArtifacts(await source.load!());
  return open(caller, worker, options, (parts) => (service) => service.load(saved, parts));
}

/** Without the functions that tfjs may put among them. */
function plainArtifacts(artifacts: io.ModelArtifacts): io.ModelArtifacts {
  const own = Object.entries(artifacts ?? {}).filter(([, value]) => typeof value !== 'function');
  return Object.fromEntries(own);
}

type Make = (service: Remote<TrainerService>) => Promise<Outcome<TrainerFacts>>;

/** Starts a worker and has it make a trainer. */
async function open<Options extends WorkerStartOptions>(
  caller: string,
  worker: TrainerWorker | (() => TrainerWorker),
  options: Options,
  make: (parts: Omit<Options, keyof WorkerStartOptions>) => Make,
): Promise<RemoteTrainer> {
  const { startSeconds = 30, onRestart = console.warn, ...parts } = options;
  checkPositive(caller, 'startSeconds', startSeconds);
  checkFunction(caller, 'onRestart', onRestart);
  for (const [option, value] of Object.entries(parts)) {
    checkPlain(caller, option, value, 'make it in the worker, by the parts of serveTrainer');
  }
  const connection = await connect(caller, worker, startSeconds, onRestart);
  try {
    return new RemoteTrainer(connection, startSeconds, await connection.call(caller, make(parts)));
  } catch (error) {
    await connection.dispose(startSeconds);
    throw error;
  }
}

async function connect(
  caller: string,
  worker: TrainerWorker | (() => TrainerWorker),
  seconds: number,
  onRestart: (reason: string) => void,
): Promise<Connection> {
  const owned = typeof worker === 'function';
  const attempts: BackendStart[] = [{ threads: undefined }, ...(owned ? fewerThreads() : [])];
  for (const [attempt, start] of attempts.entries()) {
    const made = owned ? worker() : worker;
    if (!isTrainerWorker(made)) {
      const expectation = 'worker must be a worker, a port to one, or a function that makes a worker';
      throw new InvalidOptionError(receivedMessage(caller, expectation, 'worker', made));
    }
    const connection = new Connection(made, owned);
    try {
      if (await connection.start(caller, seconds, start)) return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
    connection.close();
    const next = attempts[attempt + 1];
    if (next) {
      onRestart(
        `${caller}: the worker's backend did not start within ${seconds} s. A new worker tries it with threads=${next.threads}.`,
      );
    }
  }
  throw new WorkerError(
    `${caller}: the worker's backend must start within startSeconds. Received: none after ${seconds} s${owned ? `, with one thread too` : ''}.`,
  );
}

/** Half of this machine's threads, then one. */
function fewerThreads(): BackendStart[] {
  const { hardwareConcurrency = 2 } = (globalThis as { navigator?: Partial<Navigator> }).navigator ?? {};
  return [...new Set([Math.ceil(hardwareConcurrency / 2), 1])].map((threads) => ({ threads }));
}
