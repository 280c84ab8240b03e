import { expose } from 'comlink';
import { checkKeys } from '../../errors/check-keys.js';
import { checkFunction, receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import { checkCallbacks } from '../../training/callbacks/check-callbacks.js';
import { hear, isTrainerWorker, type TrainerWorker } from '../endpoint.js';
import { holdLifeline } from '../lifeline.js';
import { type Greeting, isGreeting } from '../protocol.js';
import type { ServeTrainerOptions } from './serve-options.js';
import { backendStarter } from './start-backend.js';
import { trainerService } from './trainer-service.js';

const caller = 'serveTrainer';

/** Marks a scope that is served. An engine may run a worker's file twice, and a page wants one answer. */
const served = Symbol.for('simclr-ts.served-trainer');

/**
 * Serves trainers to the page that made this worker: the worker's side of {@link createTrainer}. Call it once, at the top
 * of the worker's file.
 *
 * @throws `InvalidOptionError` when an option is unknown or not a function, or outside a worker.
 * @example
 * import 'simclr-ts/wasm';
 * import { setBackend } from '@tensorflow/tfjs-core';
 * import { serveTrainer } from 'simclr-ts/worker';
 * serveTrainer({ backend: () => setBackend('wasm') });
 */
export function serveTrainer(options: ServeTrainerOptions): void {
  checkKeys(caller, options, { backend: 1, parts: 1, callbacks: 1, methods: 1, port: 1 });
  const { backend, parts, callbacks = [], methods = {}, port } = options;
  for (const [argument, value] of Object.entries({ backend, parts: parts ?? backend, ...methods })) {
    checkFunction(caller, argument, value);
  }
  checkCallbacks(caller, [...callbacks]);
  const scope = port ?? ownScope();
  if (!isTrainerWorker(scope)) {
    const expectation =
      'it must be called in a worker, or with the port that hears from the page (in Node: parentPort)';
    throw new InvalidOptionError(receivedMessage(caller, expectation, 'port', port));
  }
  if (served in scope) return;
  Object.defineProperty(scope, served, { value: true });
  const startBackend = backendStarter(backend);
  const say = (message: Greeting) => scope.postMessage(message, []);
  hear(scope, 'message', ({ data }) => {
    if (isGreeting(data, 'hello')) say({ simclr: 'serving' });
    if (isGreeting(data, 'connect')) connect(data.port, data.lifeline, options, startBackend);
  });
  say({ simclr: 'serving' });
}

/** Serves one trainer. */
function connect(
  port: MessagePort,
  lifeline: string,
  options: ServeTrainerOptions,
  startBackend: ReturnType<typeof backendStarter>,
): void {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  expose(
    trainerService(options, startBackend, () => holdLifeline(lifeline, released), release),
    port,
  );
}

/** The scope of a worker of the web, or the port of a worker of Node to its parent. */
function ownScope(): TrainerWorker | null | undefined {
  const { document, postMessage, process } = globalThis as {
    document?: unknown;
    postMessage?: unknown;
    process?: { getBuiltinModule?(id: string): { parentPort?: TrainerWorker | null } | undefined };
  };
  if (document !== undefined) return undefined;
  if (typeof postMessage === 'function') return globalThis as unknown as TrainerWorker;
  return process?.getBuiltinModule?.('node:worker_threads')?.parentPort;
}
