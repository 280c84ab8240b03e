import type { io } from '@tensorflow/tfjs-core';
import type { ImageArrayLike } from '../data/index.js';
import type { ErrorData } from '../errors/error-data.js';
import type { EmbeddingArray } from '../evaluation/index.js';
import type {
  EpochRecord,
  FitOptions,
  History,
  ProgressReport,
  SimCLREmbedOptions,
  SimCLRLoadOptions,
  SimCLROptions,
  TrainingProgress,
} from '../training/index.js';

/**
 * Messages that a worker and its page exchange before they have a channel of their own. The worker says `serving` when
 * it is ready, and answers `hello` with it: whoever comes later still hears it.
 */
export type Greeting =
  | { simclr: 'hello' }
  | { simclr: 'serving' }
  | { simclr: 'connect'; port: MessagePort; lifeline: string };

/** Whether a message is one of ours; a worker may have others. */
export function isGreeting<Kind extends Greeting['simclr']>(
  message: unknown,
  kind: Kind,
): message is Extract<Greeting, { simclr: Kind }> {
  return typeof message === 'object' && message !== null && 'simclr' in message && message.simclr === kind;
}

/** What starts the backend is told. */
export interface BackendStart {
  /**
   * How many threads to use at most, where a start with more did not end in time; otherwise `undefined`. Hand it to
   * `setThreadCount` of `simclr-ts/wasm`.
   */
  threads: number | undefined;
}

/** What is known of a trainer in a worker once it is made. */
export interface TrainerFacts {
  /** tfjs's name of the backend. */
  backend: string;
  /** Height and width of the encoder's input, in pixels. */
  inputSize: [number, number];
}

/** What the page hears while `fit` runs. */
export type FitEvent = { type: 'progress'; report: ProgressReport } | { type: 'epoch'; epoch: EpochRecord };

/** The options of `fit` that a message can hold. */
export type SentFitOptions = Omit<FitOptions, 'callbacks' | 'signal'>;

/** A result, or the error that was thrown instead. */
export type Outcome<T> = { value: T } | { error: ErrorData };

type Told<T> = Promise<Outcome<T>>;

/** What a worker does for one trainer on the page. */
export interface TrainerService {
  /** Starts the backend; also says whether the worker's end can be noticed by its lifeline. */
  start(start: BackendStart): Told<{ lifeline: boolean }>;
  create(options: SimCLROptions): Told<TrainerFacts>;
  load(source: io.ModelArtifacts | string, options: SimCLRLoadOptions): Told<TrainerFacts>;
  fit(
    images: ImageArrayLike,
    options: SentFitOptions,
    call: { id: number; aborted: boolean },
    tell: (event: FitEvent) => unknown,
  ): Told<History>;
  /** Aborts the `fit` of that number. */
  abort(id: number): void;
  embed(
    images: ImageArrayLike,
    options: Omit<SimCLREmbedOptions, 'onProgress'>,
    projected: boolean,
    tell?: (done: number, total: number | undefined) => unknown,
  ): Told<EmbeddingArray>;
  /** Saves where the worker can reach it, or hands out what there is to save. */
  save(target?: string): Told<io.SaveResult | io.ModelArtifacts>;
  progress(): Told<TrainingProgress>;
  summary(): Told<string>;
  call(name: string, args: unknown[]): Told<unknown>;
  dispose(): Told<void>;
}
