import type { Optimizer } from '@tensorflow/tfjs-core';
import type { Transform } from '../../augmentations/index.js';
import {
  checkChoice,
  checkInteger,
  checkNonNegative,
  checkPositive,
  receivedMessage,
} from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';

/** How far fine-tuning is; plain data. */
export interface FineTuneProgress {
  /** Optimizer steps done. */
  step: number;
  /** Optimizer steps in all. */
  totalSteps: number;
  /** The pass over the data that the step belongs to, from 0. */
  epoch: number;
  /** Mean cross entropy of the step's batch in nats, before its update. */
  loss: number;
}

/** Options of `fineTune`. */
export interface FineTuneOptions {
  /**
   * Where the classifier attaches: to the representation h, or behind the n-th dense layer of the projection head with
   * its normalization and activation (1 = the first; SimCLRv2 does that for deeper heads, and calls it `ft_proj_selector`).
   * @default 'h' (SimCLR)
   */
  attachTo?: 'h' | number;
  /**
   * `'pretrained'`: begin with the weights of the source. `'scratch'`: begin with what the layers' own initializers
   * make, which for this library's networks is what they began with before any training.
   * @default 'pretrained'
   */
  weights?: 'pretrained' | 'scratch';
  /**
   * Passes over the labeled pictures.
   * @default 60 (SimCLR, appendix B.5, for 1 % of the labels; 30 for 10 %)
   */
  epochs?: number;
  /**
   * Largest number of pictures a step, at least 2. A pass is cut into steps of equal size, none picture left out.
   * @default 64
   */
  batchSize?: number;
  /**
   * The rate of the first step, > 0; falls to 0 along half a cosine, without warm-up (google-research/simclr). Not
   * together with `optimizer`.
   * @default 0.05 * batchSize / 256 (SimCLR, appendix B.5)
   */
  learningRate?: number;
  /**
   * Strength of the weight decay, >= 0. Not together with `optimizer`.
   * @default 0 (SimCLR, appendix B.5)
   */
  weightDecay?: number;
  /**
   * Another optimizer than SGD with Nesterov's momentum of 0.9 (SimCLR, appendix B.5). It is not disposed of.
   */
  optimizer?: Optimizer;
  /**
   * Makes the picture that a step sees; its output must have the encoder's input size.
   * @default random crop of 8 % to 100 % of the area, resized, and mirroring (SimCLR, appendix B.5)
   */
  augmentation?: Transform<unknown>;
  /**
   * Whole number >= 0 that order and augmentation are a function of.
   * @default 0
   */
  seed?: number;
  /**
   * Whether the trained weights are also written into the source's encoder (and the part of its head that is kept) at
   * the end. Otherwise the source stays as it is.
   * @default false
   */
  updateSource?: boolean;
  /** Called after each step. */
  onProgress?: (progress: FineTuneProgress) => void;
  /** Ends training after the current step when aborted; `fineTune` then resolves with outcome `'aborted'`. */
  signal?: AbortSignal;
}

/** @throws {@link InvalidOptionError} on what is wrong by itself. */
export function checkFineTuneOptions(caller: string, options: FineTuneOptions, hasHead: boolean): void {
  const { attachTo = 'h', weights = 'pretrained', epochs = 60, batchSize = 64, seed = 0 } = options;
  if (attachTo !== 'h') {
    if (!(Number.isInteger(attachTo) && attachTo >= 1)) {
      const expectation = 'attachTo must be "h" or a whole number >= 1';
      throw new InvalidOptionError(receivedMessage(caller, expectation, 'attachTo', attachTo));
    }
    if (!hasHead) {
      throw new InvalidOptionError(
        `${caller}: attachTo a layer of the projection head needs a source with a projectionHead. Received: attachTo=${attachTo}, projectionHead=undefined.`,
      );
    }
  }
  checkChoice(caller, 'weights', weights, ['pretrained', 'scratch']);
  checkInteger(caller, 'epochs', epochs);
  checkInteger(caller, 'batchSize', batchSize, 2);
  checkInteger(caller, 'seed', seed, 0);
  if (options.optimizer !== undefined) {
    if (typeof options.optimizer?.applyGradients !== 'function') {
      throw new InvalidOptionError(
        receivedMessage(caller, 'optimizer must be a tfjs optimizer', 'optimizer', options.optimizer),
      );
    }
    for (const argument of ['learningRate', 'weightDecay'] as const) {
      if (options[argument] === undefined) continue;
      throw new InvalidOptionError(
        `${caller}: ${argument} must be left out where an optimizer is given. Received: ${argument}=${options[argument]}.`,
      );
    }
  }
  if (options.learningRate !== undefined) checkPositive(caller, 'learningRate', options.learningRate);
  if (options.weightDecay !== undefined) checkNonNegative(caller, 'weightDecay', options.weightDecay);
  const { augmentation } = options;
  if (augmentation !== undefined && typeof augmentation?.apply !== 'function') {
    throw new InvalidOptionError(
      receivedMessage(caller, 'augmentation must be a transform', 'augmentation', augmentation),
    );
  }
}
