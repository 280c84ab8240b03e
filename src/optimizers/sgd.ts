import { add, mul, type serialization, sub, type Tensor, type Variable } from '@tensorflow/tfjs-core';
import { checkKeys } from '../errors/check-keys.js';
import { checkChoice, checkNonNegative } from '../errors/checks.js';
import { checkMomentum } from './check-momentum.js';
import { learningRateToConfig, optionsFromConfig, selectionToConfig } from './config.js';
import { fusedUpdates, updateFused } from './fused-updates.js';
import { NamedOptimizer } from './named-optimizer.js';
import type { LearningRate } from './schedules/schedules.js';
import { checkSelection, selects, type VariableSelection } from './variable-selection.js';

/** Options of {@link SGD}. */
export interface SGDOptions {
  /** Number >= 0 or a schedule. */
  learningRate: LearningRate;
  /**
   * Share of the velocity to keep, from 0 to below 1. With 0 there is no slot.
   *
   * @defaultValue `0.9`, that of the SimCLR recipes (PyTorch's own is 0)
   */
  momentum?: number;
  /**
   * Whether to use Nesterov momentum; requires `momentum` > 0.
   *
   * @defaultValue `false`
   */
  nesterov?: boolean;
  /**
   * Strength of the weight decay, >= 0.
   *
   * @defaultValue `0`
   */
  weightDecay?: number;
  /**
   * 'l2' adds `weightDecay * w` to the gradient, as PyTorch does; 'decoupled' multiplies the weights by
   * `1 - learningRate * weightDecay` and leaves the gradient alone (SGDW).
   *
   * @defaultValue `'l2'`
   */
  weightDecayMode?: 'l2' | 'decoupled';
  /**
   * Variables to exclude from weight decay.
   *
   * @defaultValue `'none'`, as in PyTorch
   */
  excludeFromWeightDecay?: VariableSelection;
}

/**
 * Stochastic gradient descent with momentum, as in PyTorch (without dampening).
 *
 * `g = gradient + weightDecay * w; v = momentum * v + g; w -= learningRate * v`, with Nesterov
 * `w -= learningRate * (g + momentum * v)`. The velocity does not include the learning rate.
 *
 * @example
 * const optimizer = new SGD({ learningRate: 0.06, momentum: 0.9, weightDecay: 5e-4 });
 * optimizer.minimize(() => loss());
 * @see `torch.optim.SGD`; Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 1 (decoupled).
 */
export class SGD extends NamedOptimizer {
  private readonly options: Required<Omit<SGDOptions, 'learningRate'>>;

  /** The name under which tfjs saves the class. */
  static get className(): string {
    return 'SGD';
  }

  /**
   * @param options - See {@link SGDOptions}.
   * @throws {@link InvalidOptionError} when an option is outside its domain, or `nesterov` comes without momentum.
   */
  constructor(options: SGDOptions) {
    checkKeys('SGD', options, {
      learningRate: 1,
      momentum: 1,
      nesterov: 1,
      weightDecay: 1,
      weightDecayMode: 1,
      excludeFromWeightDecay: 1,
    });
    super(options.learningRate);
    const { momentum = 0.9, nesterov = false, weightDecay = 0, weightDecayMode = 'l2' } = options;
    const { excludeFromWeightDecay = 'none' } = options;
    checkMomentum('SGD', momentum, nesterov);
    checkNonNegative('SGD', 'weightDecay', weightDecay);
    checkChoice('SGD', 'weightDecayMode', weightDecayMode, ['l2', 'decoupled']);
    checkSelection('SGD', 'excludeFromWeightDecay', excludeFromWeightDecay);
    this.options = { momentum, nesterov, weightDecay, weightDecayMode, excludeFromWeightDecay };
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
    const { excludeFromWeightDecay, weightDecay, ...rest } = this.options;
    sgdUpdate(value, gradient, slots.momentum, {
      ...rest,
      learningRate,
      weightDecay: selects(excludeFromWeightDecay, value.name) ? 0 : weightDecay,
    });
  }

  override getConfig(): serialization.ConfigDict {
    return {
      ...this.options,
      name: 'sgd',
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

interface SGDUpdate {
  learningRate: number;
  momentum: number;
  nesterov: boolean;
  weightDecay: number;
  weightDecayMode: 'l2' | 'decoupled';
}

/** One step of one variable. */
function sgdUpdate(
  value: Variable,
  gradient: Tensor,
  velocity: Variable | undefined,
  options: SGDUpdate,
): void {
  const { learningRate, momentum, nesterov, weightDecay } = options;
  const decoupled = options.weightDecayMode === 'decoupled';
  if (velocity !== undefined) {
    const shrink = decoupled ? 1 - learningRate * weightDecay : 1;
    const attributes = { learningRate, momentum, nesterov, weightDecay: decoupled ? 0 : weightDecay, shrink };
    const targets = [value, velocity];
    if (updateFused(fusedUpdates.momentum, { value, gradient, velocity }, attributes, targets)) return;
  }
  let direction = weightDecay > 0 && !decoupled ? add(gradient, mul(value, weightDecay)) : gradient;
  if (velocity !== undefined) {
    const next = add(mul(velocity, momentum), direction);
    velocity.assign(next);
    direction = nesterov ? add(direction, mul(next, momentum)) : next;
  }
  const decayed = weightDecay > 0 && decoupled ? mul(value, 1 - learningRate * weightDecay) : value;
  value.assign(sub(decayed, mul(direction, learningRate)));
}
