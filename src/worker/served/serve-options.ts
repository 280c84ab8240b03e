import type { Callback, SimCLR, SimCLROptions } from '../../training/index.js';
import type { TrainerWorker } from '../endpoint.js';
import type { BackendStart } from '../protocol.js';

/** Functions of the worker that the page can call: see {@link RemoteTrainer.call}. */
export type TrainerMethods = Readonly<Record<string, (simclr: SimCLR, ...args: never[]) => unknown>>;

/** Options of {@link serveTrainer}. */
export interface ServeTrainerOptions {
  /**
   * Activates a backend, such as `() => setBackend('wasm')`; this library never does. Called once, for the first
   * trainer; again where it failed.
   *
   * @param start - How many threads to use at most, after a start that hung.
   */
  backend: (start: BackendStart) => unknown;
  /**
   * Makes the trainer's options of those that came from the page: adds an encoder, a loss or an augmentation of your own,
   * which cannot come from there. Called for each trainer, and its models are disposed of with it.
   *
   * @defaultValue the options as they came
   */
  parts?: (options: SimCLROptions) => SimCLROptions;
  /** Callbacks of each `fit`, such as evaluations and checkpoints. @defaultValue none */
  callbacks?: readonly Callback[];
  /**
   * What else the page can have done with the trainer: functions of the trainer and of plain data, which return plain
   * data.
   *
   * @defaultValue none
   */
  methods?: TrainerMethods;
  /** Where the page is heard. @defaultValue the worker's own scope; in Node its `parentPort` */
  port?: TrainerWorker;
}
