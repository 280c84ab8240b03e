/**
 * A trainer in a worker, by one call: `createTrainer` on the page, `serveTrainer` in the worker. Nothing of TensorFlow.js
 * is needed on the page.
 *
 * @module
 */
export { createTrainer, loadTrainer } from './create-trainer.js';
export type { TrainerWorker } from './endpoint.js';
export type { BackendStart } from './protocol.js';
export type {
  RemoteEmbedOptions,
  RemoteFitOptions,
  RemoteLoadOptions,
  RemoteTrainerOptions,
  WorkerStartOptions,
} from './remote-options.js';
export type { RemoteTrainer } from './remote-trainer.js';
export type { ServeTrainerOptions, TrainerMethods } from './serve-options.js';
export { serveTrainer } from './serve-trainer.js';
