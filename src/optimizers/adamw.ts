import {
  add,
  div,
  mul,
  type serialization,
  sqrt,
  square,
  sub,
  type Tensor,
  type Variable,
} from '@tensorflow/tfjs-core';
import { checkKeys } from '../errors/check-keys.js';
import { checkChoice, checkNonNegative, checkPositive } from '../errors/checks.js';
import { checkDecayRate } from './check-momentum.js';
import { learningRateToConfig, optionsFromConfig, selectionToConfig } from './config.js';
import { fusedUpdates, updateFused } from './fused-updates.js';
import { NamedOptimizer } from './named-optimizer.js';
import type { LearningRate } from './schedules/schedules.js';
import { checkSelection, selects, type VariableSelection } from './variable-selection.js';

/** Options of {@link AdamW}. The defaults are PyTorch's. */
export interface AdamWOptions {
  /**
   * Number >= 0 or a schedule.
   *
   * @defaultValue `1e-3`
   */
  learningRate?: LearningRate;
  /**
   * Decay of the mean gradient, from 0 to below 1.
   *
   * @defaultValue `0.9`
   */
  beta1?: number;
  /**
   * Decay of the mean squared gradient, from 0 to below 1.
   *
   * @defaultValue `0.999`
   */
  beta2?: number;
  /**
   * Added to the root of the mean squared gradient, > 0.
   *
   * @defaultValue `1e-8`
   */
  epsilon?: number;
  /**
   * Strength of the weight decay, >= 0. With 0 this is Adam.
   *
   * @defaultValue `0.01`
   */
  weightDecay?: number;
  /**
   * 'decoupled' multiplies the weights by `1 - learningRate * weightDecay` (AdamW); 'l2' adds `weightDecay * w` to the
   * gradient, as `torch.optim.Adam` does.
   *
   * @defaultValue `'decoupled'`
   */
  weightDecayMode?: 'decoupled' | 'l2';
  /**
   * Variables to exclude from weight decay.
   *
   * @defaultValue `'none'`, as in PyTorch
   */
  excludeFromWeightDecay?: VariableSelection;
}

/**
 * Adam with decoupled weight decay, as in PyTorch; with `weightDecayMode: 'l2'`, PyTorch's Adam.
 *
 * `w *= 1 - learningRate * weightDecay; m = beta1 * m + (1 - beta1) * g; v = beta2 * v + (1 - beta2) * g^2;
 * w -= learningRate * m' / (sqrt(v') + epsilon)`, where `m' = m / (1 - beta1^t)` and `v' = v / (1 - beta2^t)` at the
 * variable's own update t.
 *
 * @example
 * const optimizer = new AdamW({ learningRate: 3e-4, weightDecay: 1e-4 });
 * @see `torch.optim.AdamW`; Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2.
 */
export class AdamW extends NamedOptimizer {
  private readonly options: Required<Omit<AdamWOptions, 'learningRate'>>;

  /** The name under which tfjs saves the class. */
  static get className(): string {
    return 'AdamW';
  }

  /**
   * @param options - See {@link AdamWOptions}.
   * @throws {@link InvalidOptionError} when an option is outside its domain.
   */
  constructor(options: AdamWOptions = {}) {
    checkKeys('AdamW', options, {
      learningRate: 1,
      beta1: 1,
      beta2: 1,
      epsilon: 1,
      weightDecay: 1,
      weightDecayMode: 1,
      excludeFromWeightDecay: 1,
    });
    super(options.learningRate ?? 1e-3);
    const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01 } = options;
    const { excludeFromWeightDecay = 'none', weightDecayMode = 'decoupled' } = options;
    checkDecayRate('AdamW', 'beta1', beta1);
    checkDecayRate('AdamW', 'beta2', beta2);
    checkPositive('AdamW', 'epsilon', epsilon);
    checkNonNegative('AdamW', 'weightDecay', weightDecay);
    checkChoice('AdamW', 'weightDecayMode', weightDecayMode, ['decoupled', 'l2']);
    checkSelection('AdamW', 'excludeFromWeightDecay', excludeFromWeightDecay);
    this.options = { beta1, beta2, epsilon, weightDecay, weightDecayMode, excludeFromWeightDecay };
  }

  protected override slotNames(): readonly string[] {
    return ['mean', 'meanSquare'];
  }

  protected override update(
    value: Variable,
    gradient: Tensor,
    { mean, meanSquare }: Record<string, Variable>,
    learningRate: number,
    step: number,
  ): void {
    const { excludeFromWeightDecay, weightDecay, ...rest } = this.options;
    adamwUpdate(value, gradient, mean!, meanSquare!, {
      ...rest,
      learningRate,
      step,
      weightDecay: selects(excludeFromWeightDecay, value.name) ? 0 : weightDecay,
    });
  }

  override getConfig(): serialization.ConfigDict {
    return {
      ...this.options,
      name: 'adamW',
      learningRate: learningRateToConfig(this.learningRate),
      excludeFromWeightDecay: selectionToConfig(this.options.excludeFromWeightDecay),
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

interface AdamWUpdate {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  weightDecayMode: 'decoupled' | 'l2';
  step: number;
}

/** One step of one variable. The bias corrections are host numbers, folded into the two scalar factors. */
function adamwUpdate(
  value: Variable,
  ownGradient: Tensor,
  mean: Variable,
  meanSquare: Variable,
  { learningRate, beta1, beta2, epsilon, weightDecay, weightDecayMode, step }: AdamWUpdate,
): void {
  const decoupled = weightDecayMode === 'decoupled';
  const gradient = weightDecay > 0 && !decoupled ? add(ownGradient, mul(value, weightDecay)) : ownGradient;
  const rate = learningRate / (1 - beta1 ** step);
  const rootOfCorrection = Math.sqrt(1 - beta2 ** step);
  const shrink = decoupled ? 1 - learningRate * weightDecay : 1;
  const attributes = { rate, beta1, beta2, rootScale: 1 / rootOfCorrection, epsilon, shrink };
  const targets = [value, mean, meanSquare];
  if (updateFused(fusedUpdates.adam, { value, gradient, mean, meanSquare }, attributes, targets)) return;
  const nextMean = add(mul(mean, beta1), mul(gradient, 1 - beta1));
  const nextMeanSquare = add(mul(meanSquare, beta2), mul(square(gradient), 1 - beta2));
  mean.assign(nextMean);
  meanSquare.assign(nextMeanSquare);
  const root = add(div(sqrt(nextMeanSquare), rootOfCorrection), epsilon);
  const change = mul(div(nextMean, root), rate);
  const decayed = shrink !== 1 ? mul(value, shrink) : value;
  value.assign(sub(decayed, change));
}
