import { checkKeys } from '../../errors/check-keys.js';
import { checkFraction, checkInteger, receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError, type NonFiniteLossError } from '../../errors/errors.js';
import { type NamedOptimizer, scaledSchedule } from '../../optimizers/index.js';
import { isNamed } from '../../optimizers/is-named.js';
import type { SkippedStep } from '../callbacks/callback.js';
import type { TrainerCore } from '../step/trainer-core.js';

/** Leaves out steps whose loss or gradients are not finite, instead of ending training. */
export interface SkipNonFinite {
  /** Consecutive steps that may be left out; one more ends training with the error. Integer >= 1. */
  skip: number;
  /**
   * Factor of the learning rate after each step left out, > 0 and at most 1. It stays, and is saved with the
   * optimizer; below 1 it takes an optimizer of this library.
   *
   * @defaultValue `1`
   */
  lowerBy?: number;
}

/** The user's policy for steps that are not finite, and what came of it. */
export class NonFinitePolicy {
  /** The step that was left out last. */
  last: SkippedStep | undefined;
  private inSuccession = 0;
  private factor = 1;
  private readonly options: Required<SkipNonFinite> | undefined;

  /** @throws {@link InvalidOptionError} on an unknown policy. */
  constructor(
    private readonly core: TrainerCore,
    policy: 'stop' | SkipNonFinite = 'stop',
  ) {
    if (policy === 'stop') return;
    const caller = 'SimCLR.fit';
    if (typeof policy !== 'object' || policy === null) {
      throw new InvalidOptionError(
        receivedMessage(caller, 'onNonFinite must be "stop" or { skip, lowerBy }', 'onNonFinite', policy),
      );
    }
    checkKeys(caller, policy, { skip: 1, lowerBy: 1 }, 'onNonFinite');
    const { skip, lowerBy = 1 } = policy;
    checkInteger(caller, 'onNonFinite.skip', skip);
    checkFraction(caller, 'onNonFinite.lowerBy', lowerBy);
    if (lowerBy < 1 && !isNamed(core.optimizer)) {
      throw new InvalidOptionError(
        `${caller}: onNonFinite.lowerBy takes an optimizer of this library, because those of tfjs do not expose their rate. Received: ${core.optimizer.getClassName()}.`,
      );
    }
    this.options = { skip, lowerBy };
  }

  /** Whether a step may be left out: then its loss has to be known before the weights change. */
  get leavesOut(): boolean {
    return this.options !== undefined;
  }

  /** Notes a step that was finite. */
  succeeded(): void {
    this.inSuccession = 0;
  }

  /** Leaves a step out, or throws its error where that is the policy. */
  skip(error: NonFiniteLossError): void {
    const { options, core } = this;
    if (!options || this.inSuccession >= options.skip) throw error;
    this.inSuccession++;
    if (options.lowerBy < 1) {
      const optimizer = core.optimizer as NamedOptimizer;
      this.factor *= options.lowerBy;
      optimizer.learningRate = scaledSchedule(optimizer.learningRate, options.lowerBy);
    }
    const { step, epoch, batch } = core.progress;
    this.last = {
      step,
      epoch,
      batch,
      loss: error.loss,
      inSuccession: this.inSuccession,
      learningRateFactor: this.factor,
    };
  }
}
