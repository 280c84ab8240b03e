/**
 * A trainer in a worker, by one call: `createTrainer` on the page, `serveTrainer` in the worker. Nothing of TensorFlow.js
 * is needed on the page.
 *
 * @module
 */

export type { TrainerWorker } from './endpoint.js';
export { createTrainer, loadTrainer } from './page/create-trainer.js';
export type {
  RemoteEmbedOptions,
  RemoteFitOptions,
  RemoteLoadOptions,
  RemoteTrainerOptions,
  WorkerStartOptions,
} from './page/remote-options.js';
export type { RemoteTrainer } from './page/remote-trainer.js';
export type { BackendStart } from './protocol.js';
export type { ServeTrainerOptions, TrainerMethods } from './served/serve-options.js';
export { serveTrainer } from './served/serve-trainer.js';
