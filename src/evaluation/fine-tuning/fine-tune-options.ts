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

/** Progress of fine-tuning, as plain data. */
export interface FineTuneProgress {
  /** Optimizer steps done. */
  step: number;
  /** Optimizer steps in total. */
  totalSteps: number;
  /** Epoch of the step, from 0. */
  epoch: number;
  /** Mean cross entropy of the step's batch in nats, before its update. */
  loss: number;
}

/** Options of `fineTune`. */
export interface FineTuneOptions {
  /**
   * Where the classifier attaches: to the representation h, or after the n-th dense layer of the projection head with its
   * normalization and activation. 1 is the first one, as in SimCLRv2, which calls it `ft_proj_selector`.
   * @defaultValue `'h'` (SimCLR)
   */
  attachTo?: 'h' | number;
  /**
   * `'pretrained'`: start from the weights of the source. `'scratch'`: start from the layers' own initializers, which
   * give this library's networks the weights that they had before any training.
   * @defaultValue `'pretrained'`
   */
  weights?: 'pretrained' | 'scratch';
  /**
   * Epochs, that is, passes over the labeled pictures.
   * @defaultValue `60` (SimCLR, appendix B.5, for 1 % of the labels; 30 for 10 %)
   */
  epochs?: number;
  /**
   * Largest number of pictures per step, at least 2. Pictures in memory are cut into steps of equal size; no picture is
   * left out.
   * @defaultValue `64`
   */
  batchSize?: number;
  /**
   * Learning rate of the first step, > 0. It decays to 0 along half a cosine, without warm-up (google-research/simclr).
   * Not together with `optimizer`.
   * @defaultValue 0.05 * batchSize / 256 (SimCLR, appendix B.5)
   */
  learningRate?: number;
  /**
   * Strength of the weight decay, >= 0. Not together with `optimizer`.
   * @defaultValue `0` (SimCLR, appendix B.5)
   */
  weightDecay?: number;
  /**
   * Replaces SGD with Nesterov momentum of 0.9 (SimCLR, appendix B.5). You dispose of it.
   */
  optimizer?: Optimizer;
  /**
   * Transforms each picture before a step. Its output must have the encoder's input size.
   * @defaultValue random resized crop of 8 % to 100 % of the area, and random horizontal flip (SimCLR, appendix B.5)
   */
  augmentation?: Transform<unknown>;
  /**
   * Seed of order and augmentation, an integer >= 0.
   * @defaultValue `0`
   */
  seed?: number;
  /**
   * Whether to copy the trained weights into the source's encoder, and the part of its head that is used, at the end.
   * Otherwise the source stays as it is.
   * @defaultValue `false`
   */
  updateSource?: boolean;
  /** Called after each step. */
  onProgress?: (progress: FineTuneProgress) => void;
  /** Ends training after the current step once aborted; `fineTune` then resolves with outcome `'aborted'`. */
  signal?: AbortSignal;
}

/** @throws {@link InvalidOptionError} when an option is outside its domain, whatever the pictures are. */
export function checkFineTuneOptions(caller: string, options: FineTuneOptions, hasHead: boolean): void {
  const { attachTo = 'h', weights = 'pretrained', epochs = 60, batchSize = 64, seed = 0 } = options;
  if (attachTo !== 'h') {
    if (!(Number.isInteger(attachTo) && attachTo >= 1)) {
      const expectation = 'attachTo must be "h" or an integer >= 1';
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
        `${caller}: ${argument} must be left out when an optimizer is given. Received: ${argument}=${options[argument]}.`,
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
