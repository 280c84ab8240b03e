import type { serialization, Tensor, Variable } from '@tensorflow/tfjs-core';
import { checkKeys } from '../errors/check-keys.js';
import { checkChoice, checkNonNegative, checkPositive } from '../errors/checks.js';
import { InvalidOptionError } from '../errors/errors.js';
import { checkMomentum } from './check-momentum.js';
import { learningRateToConfig, optionsFromConfig, selectionToConfig } from './config.js';
import { googleUpdate, lightlyUpdate } from './lars-update.js';
import { NamedOptimizer } from './named-optimizer.js';
import type { LearningRate } from './schedules/schedules.js';
import { checkSelection, selects, type VariableSelection } from './variable-selection.js';

/** Options of {@link LARS}. The defaults are those of google-research/simclr (its TensorFlow 2 code). */
export interface LARSOptions {
  /** Number >= 0 or a schedule, usually a `warmupCosineSchedule` of a scaled rate. */
  learningRate: LearningRate;
  /**
   * Share of the velocity to keep, from 0 to below 1. With 0 there is no slot.
   *
   * @defaultValue `0.9`
   */
  momentum?: number;
  /**
   * Strength of the weight decay, >= 0, added to the gradient.
   *
   * @defaultValue `1e-6`
   */
  weightDecay?: number;
  /**
   * Norm of a step at learning rate 1, as a share of the variable's norm; > 0 (`eeta` in Google's code).
   *
   * @defaultValue `0.001`
   */
  trustCoefficient?: number;
  /**
   * Whose formulas to use; see {@link LARS}.
   *
   * @defaultValue `'google'`
   */
  convention?: 'google' | 'lightly';
  /**
   * Whether to use Nesterov momentum; requires `momentum` > 0.
   *
   * @defaultValue `false`
   */
  nesterov?: boolean;
  /**
   * Only with the convention 'google'. True: the velocity sums steps, already scaled by learning rate and trust ratio.
   * False ("popular momentum"): it sums gradients, and rate and trust ratio apply to the velocity.
   *
   * @defaultValue `true`
   */
  classicMomentum?: boolean;
  /**
   * Only with the convention 'lightly'. Divides the trust ratio by the learning rate and caps it at 1, so that no
   * variable moves faster than with SGD at that rate ("LARC", solo-learn's `clip_lr`).
   *
   * @defaultValue `false`
   */
  clip?: boolean;
  /**
   * Added to the denominator of the trust ratio, >= 0.
   *
   * @defaultValue `0` with the convention 'google', `1e-8` with 'lightly'
   */
  epsilon?: number;
  /**
   * Variables to exclude from weight decay.
   *
   * @defaultValue `'biasAndNormalization'`
   */
  excludeFromWeightDecay?: VariableSelection;
  /**
   * Variables to update at the plain learning rate, without a trust ratio. With the
   * convention 'lightly', variables without weight decay are always among them.
   *
   * @defaultValue the value of `excludeFromWeightDecay`
   */
  excludeFromAdaptation?: VariableSelection;
}

/**
 * Layer-wise adaptive rate scaling: SGD with momentum, whose step for each variable is scaled by the ratio of its
 * norm to its gradient's norm. It makes training with very large batches stable.
 *
 * Convention 'google': `g = gradient + weightDecay * w; r = trustCoefficient * |w| / |g|` (1 where either is 0);
 * `v = momentum * v + learningRate * r * g; w -= v`.
 *
 * Convention 'lightly' (also lightning-bolts): `r = trustCoefficient * |w| / (|gradient| + weightDecay * |w| + epsilon)`;
 * `v = momentum * v + r * (gradient + weightDecay * w); w -= learningRate * v` (with `clip`,
 * `min(r / learningRate, 1)` in place of r); where `weightDecay`, `|w|` or `|gradient|` is 0, the plain gradient is used.
 *
 * The two differ when the learning rate changes: Google's velocity contains old rates, lightly's does not. Norms
 * and ratios stay on the device.
 *
 * @example
 * const peak = linearScaling({ baseLearningRate: 0.3, batchSize: 512 });
 * const learningRate = warmupCosineSchedule({ peak, warmupSteps: 1000, totalSteps: 10_000 });
 * const optimizer = new LARS({ learningRate, weightDecay: 1e-4 });
 * @see You et al. 2017, arXiv:1708.03888; `lars_optimizer.py` of google-research/simclr; `lightly.utils.lars`.
 */
export class LARS extends NamedOptimizer {
  private readonly options: Required<Omit<LARSOptions, 'learningRate'>>;

  /** The name under which tfjs saves the class. */
  static get className(): string {
    return 'LARS';
  }

  /**
   * @param options - See {@link LARSOptions}.
   * @throws {@link InvalidOptionError} when an option is outside its domain, `nesterov` comes without momentum,
   * `classicMomentum` is false with the convention 'lightly', or `clip` is true with 'google'.
   */
  constructor(options: LARSOptions) {
    checkKeys('LARS', options, {
      learningRate: 1,
      momentum: 1,
      weightDecay: 1,
      trustCoefficient: 1,
      convention: 1,
      nesterov: 1,
      classicMomentum: 1,
      clip: 1,
      epsilon: 1,
      excludeFromWeightDecay: 1,
      excludeFromAdaptation: 1,
    });
    super(options.learningRate);
    const { momentum = 0.9, weightDecay = 1e-6, trustCoefficient = 0.001, convention = 'google' } = options;
    const {
      nesterov = false,
      classicMomentum = true,
      epsilon = convention === 'lightly' ? 1e-8 : 0,
    } = options;
    const { excludeFromWeightDecay = 'biasAndNormalization', clip = false } = options;
    const { excludeFromAdaptation = excludeFromWeightDecay } = options;
    checkMomentum('LARS', momentum, nesterov);
    checkNonNegative('LARS', 'weightDecay', weightDecay);
    checkPositive('LARS', 'trustCoefficient', trustCoefficient);
    checkChoice('LARS', 'convention', convention, ['google', 'lightly']);
    checkNonNegative('LARS', 'epsilon', epsilon);
    checkSelection('LARS', 'excludeFromWeightDecay', excludeFromWeightDecay);
    checkSelection('LARS', 'excludeFromAdaptation', excludeFromAdaptation);
    if (convention === 'lightly' && !classicMomentum) {
      throw new InvalidOptionError(
        'LARS: classicMomentum belongs to the convention \'google\'. Received: classicMomentum=false, convention="lightly".',
      );
    }
    if (convention === 'google' && clip) {
      throw new InvalidOptionError(
        'LARS: clip belongs to the convention \'lightly\'. Received: clip=true, convention="google".',
      );
    }
    this.options = {
      momentum,
      weightDecay,
      trustCoefficient,
      convention,
      clip,
      nesterov,
      classicMomentum,
      epsilon,
      excludeFromWeightDecay,
      excludeFromAdaptation,
    };
  }

  protected override slotNames(): readonly string[] {
    return this.options.momentum > 0 ? ['momentum'] : [];
  }

  protected override update(
    value: Variable,
    gradient: Tensor,
    slots: Record<string, Variable>,
    learningRate: number,
  ): void {
    const { excludeFromWeightDecay, excludeFromAdaptation, weightDecay, convention, ...rest } = this.options;
    const updateVariable = convention === 'google' ? googleUpdate : lightlyUpdate;
    updateVariable(value, gradient, slots.momentum, {
      ...rest,
      learningRate,
      weightDecay: selects(excludeFromWeightDecay, value.name) ? 0 : weightDecay,
      adapt: !selects(excludeFromAdaptation, value.name),
    });
  }

  override getConfig(): serialization.ConfigDict {
    return {
      ...this.options,
      name: 'lars',
      learningRate: learningRateToConfig(this.learningRate),
      excludeFromWeightDecay: selectionToConfig(this.options.excludeFromWeightDecay),
      excludeFromAdaptation: selectionToConfig(this.options.excludeFromAdaptation),
    };
  }

  /**
   * As tfjs calls it for a registered class; see {@link optimizerFromConfig}.
   *
   * @param classConstructor - The class.
   * @param config - Result of `getConfig`.
   */
  static override fromConfig<T extends serialization.Serializable>(
    classConstructor: serialization.SerializableConstructor<T>,
    config: serialization.ConfigDict,
  ): T {
    return new classConstructor(optionsFromConfig(config));
  }
}
