import { add, keep, mul, sub, type Tensor, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { checkKeys } from '../../errors/check-keys.js';
import { isObject, receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError, ShapeError, SimCLRError } from '../../errors/errors.js';
import { namedWeights, variableOf } from '../../models/named-weights.js';
import { clonesOf } from '../../tensors/clones-of.js';
import type { PartState, StatefulPart } from '../../tensors/stateful-part.js';

/** Options of {@link WeightAverage}. */
export interface WeightAverageOptions {
  /**
   * Share of the average that stays at each update, >= 0 and < 1: an exponential moving average, as Keras's
   * `ema_momentum`. A run of n steps can remember about 1 / (1 - decay) < n of them.
   *
   * @defaultValue none: the plain mean of all updates, as in stochastic weight averaging
   */
  decay?: number;
}

/** @throws {@link InvalidOptionError} unless `decay` is missing, or a number >= 0 and < 1. */
export function checkDecay(caller: string, argument: string, decay: unknown): void {
  if (decay === undefined || (typeof decay === 'number' && decay >= 0 && decay < 1)) return;
  throw new InvalidOptionError(
    receivedMessage(caller, `${argument} must be a number >= 0 and < 1`, argument, decay),
  );
}

/**
 * The average of models' weights over the steps of training: an exponential moving average, or the plain mean.
 *
 * After update n, the average is a_n = a_{n-1} + s (w_n - a_{n-1}), with s = 1 - `decay` or, for the mean, s = 1 / n; a_1 =
 * w_1. Running statistics of batch normalization are averaged like the weights (`use_buffers=True` in PyTorch): weights that
 * lie close together have close statistics, and no further pass over the data is needed.
 *
 * `fit({ averageWeights })` uses one. In a training loop of your own, call `update` after each step and `swap` before and
 * after what is to use the average. As a part of `extraState`, it is saved with a trainer.
 *
 * @example
 * const average = new WeightAverage({ encoder, projectionHead }, { decay: 0.999 });
 * optimizer.applyGradients(gradients);
 * average.update();
 * average.swap(); // the models now have the average
 * @see Izmailov et al. 2018, arXiv:1803.05407; Polyak and Juditsky 1992; `torch.optim.swa_utils.AveragedModel`.
 */
export class WeightAverage implements StatefulPart {
  /** Share that stays at each update; `undefined` for the plain mean. */
  readonly decay: number | undefined;
  private readonly models: Readonly<Record<string, LayersModel>>;
  /** Averages or, while those are in use, the trained weights. */
  private held = new Map<string, Tensor>();
  private updates = 0;
  private swapped = false;

  /**
   * @param models - Models by names of your choice, under which the state is saved. They stay yours.
   * @throws {@link InvalidOptionError} when `decay` is outside its domain.
   */
  constructor(models: Readonly<Record<string, LayersModel>>, options: WeightAverageOptions = {}) {
    const caller = 'WeightAverage';
    checkKeys(caller, options, { decay: 1 });
    checkDecay(caller, 'decay', options.decay);
    this.models = models;
    this.decay = options.decay;
  }

  /** Updates so far: before the first, there is no average. */
  get count(): number {
    return this.updates;
  }

  /** Whether the models have the average, and this object the trained weights. */
  get inUse(): boolean {
    return this.swapped;
  }

  /**
   * Takes the models' weights into the average.
   *
   * @throws {@link SimCLRError} while the average is in use.
   */
  update(): void {
    if (this.swapped) {
      throw new SimCLRError(
        'WeightAverage.update: the models must have the trained weights; call swap first. Received: the average in use.',
      );
    }
    const share = this.decay === undefined ? 1 / (this.updates + 1) : 1 - this.decay;
    for (const [name, weight] of this.weights()) {
      const before = this.held.get(name);
      const value = tidy(() =>
        before === undefined ? weight.clone() : add(before, mul(sub(weight, before), share)),
      );
      this.held.set(name, keep(value));
      before?.dispose();
    }
    this.updates++;
  }

  /**
   * Exchanges the models' weights and the average. A second call exchanges them back.
   *
   * @throws {@link SimCLRError} before the first update.
   */
  swap(): void {
    if (this.updates === 0) {
      throw new SimCLRError('WeightAverage.swap: there must be an average. Received: a call before update.');
    }
    for (const [name, weight] of this.weights()) {
      const held = this.held.get(name)!;
      const own = keep(tidy(() => weight.clone()));
      weight.assign(held);
      held.dispose();
      this.held.set(name, own);
    }
    this.swapped = !this.swapped;
  }

  /** The trained weights by their stable names, wherever they are. They are not copies: do not dispose of them. */
  trainedWeights(): Map<string, Tensor> {
    return this.swapped ? this.held : this.weights();
  }

  /** The average: tensors by the names of models, layers and weights. The caller disposes them. */
  capture(): PartState {
    const average = this.swapped ? this.weights() : this.held;
    const tensors = clonesOf(() =>
      Object.fromEntries([...average].map(([name, tensor]) => [name, tensor.clone()])),
    );
    return { tensors, json: { count: this.updates } };
  }

  /**
   * Takes over what `capture` returned. Where the average was in use, the models first get their trained weights back.
   *
   * @throws {@link ShapeError} when it is not an average of such models.
   */
  restore({ tensors, json }: Required<PartState>): void {
    const count = isObject(json) ? json.count : undefined;
    const weights = this.weights();
    const fits = [...weights].every(([name, { shape }]) => String(tensors[name]?.shape) === String(shape));
    if (!Number.isSafeInteger(count) || (count as number) < 0 || ((count as number) > 0 && !fits)) {
      throw new ShapeError(
        'WeightAverage.restore: the state must be a count and a tensor for each weight. Received: another.',
      );
    }
    if (this.swapped) this.swap();
    this.dispose();
    this.updates = count as number;
    if (this.updates === 0) return;
    this.held = new Map([...weights.keys()].map((name) => [name, keep(tidy(() => tensors[name]!.clone()))]));
  }

  /** Frees the average. The models keep the weights that they have. */
  dispose(): void {
    for (const tensor of this.held.values()) tensor.dispose();
    this.held.clear();
    this.updates = 0;
    this.swapped = false;
  }

  private weights() {
    const all = Object.entries(this.models).flatMap(([role, model]) => [...namedWeights(role, model)]);
    return new Map(all.map(([name, weight]) => [name, variableOf(weight)]));
  }
}
