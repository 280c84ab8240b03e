export type { ServeTrainerOptions, TrainerMethods } from './serve-options.js';
export { serveTrainer } from './serve-trainer.js';
