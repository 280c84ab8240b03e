/**
 * A trainer in a worker, by one call: `createTrainer` on the page, `serveTrainer` in the worker. Nothing of TensorFlow.js
 * is needed on the page.
 *
 * @module
 */
export type { TrainerWorker } from './endpoint.js';
export {
  createTrainer,
  loadTrainer,
  type RemoteEmbedOptions,
  type RemoteFitOptions,
  type RemoteLoadOptions,
  type RemoteProjectOptions,
  type RemoteTrainer,
  type RemoteTrainerOptions,
  type WorkerStartOptions,
} from './page/index.js';
export type { BackendStart } from './protocol.js';
export { type ServeTrainerOptions, serveTrainer, type TrainerMethods } from './served/index.js';
