export { createTrainer, loadTrainer } from './create-trainer.js';
export type {
  RemoteEmbedOptions,
  RemoteFitOptions,
  RemoteLoadOptions,
  RemoteProjectOptions,
  RemoteTrainerOptions,
  WorkerStartOptions,
} from './remote-options.js';
export type { RemoteTrainer } from './remote-trainer.js';
