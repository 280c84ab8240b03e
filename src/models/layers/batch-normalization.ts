import { type serialization, type Tensor, type Tensor1D, tidy } from '@tensorflow/tfjs-core';
import { initializers, layers } from '@tensorflow/tfjs-layers';
import { checkKeys } from '../../errors/check-keys.js';
import { checkChoice, checkInteger, checkPositive, checkProbability } from '../../errors/checks.js';
import { ShapeError } from '../../errors/errors.js';
import {
  type Activation,
  activations,
  batchNormalization,
  batchNormalizationInference,
} from '../../tensors/index.js';
import { moveStatistics } from '../../tensors/row-statistics.js';
import { layerKeys } from './layer-keys.js';
import type { CallArguments, LayerArguments, OpenShape, Weight } from './layer-types.js';

/** Options of {@link BatchNormalization}. */
export interface BatchNormalizationLayerOptions {
  /** Name of the layer. */
  name?: string;
  /**
   * Whether there is a learned offset `beta`.
   * @defaultValue `true`
   */
  center?: boolean;
  /**
   * Whether there is a learned scale `gamma`.
   * @defaultValue `true`
   */
  scale?: boolean;
  /**
   * Added to the variance, > 0.
   * @defaultValue `1e-5`, as in PyTorch and the official SimCLR code
   */
  epsilon?: number;
  /**
   * Decay of the running statistics, in [0, 1]: running = momentum * running + (1 - momentum) * batch.
   * @defaultValue `0.9`, as in the official SimCLR code; PyTorch writes the same as 0.1
   */
  momentum?: number;
  /**
   * In training the batch is split into this many equal parts, each normalized by its own statistics.
   * @defaultValue `1`
   */
  groups?: number;
  /**
   * Initial value of `gamma`; with 'zeros', a residual branch contributes nothing at first.
   * @defaultValue `'ones'`
   */
  gammaInitializer?: 'ones' | 'zeros';
  /** Applied last: `'relu'`, or `'relu6'`, min(max(x, 0), 6). @defaultValue none */
  activation?: 'relu' | 'relu6';
  /**
   * Whether `gamma` and `beta` are trained.
   * @defaultValue `true`
   */
  trainable?: boolean;
}

/**
 * PyTorch's batch normalization, with the addition and the ReLU of a residual block as options.
 *
 * Called on `x` or on `[x, residual]`, `[batch, channels]` or `[batch, height, width, channels]`. With
 * `{ training: true }` it uses the statistics of the batch and updates the running ones (the running variance is
 * unbiased; with `groups`, both are averaged over the groups). Add `{ updateRunningStatistics: false }` to leave them
 * unchanged in a second pass over the same batch. Otherwise it uses the running statistics.
 *
 * Unlike the layer of tfjs-layers, it can be trained without `center` or `scale`.
 *
 * @example
 * const y = new BatchNormalization({ activation: 'relu' }).apply([x, shortcut]);
 * @see Ioffe and Szegedy 2015, arXiv:1502.03167.
 */
export class BatchNormalization extends layers.Layer {
  /** Name under which a saved model refers to the class. */
  static readonly className = 'SimCLRBatchNormalization';

  private readonly options: Required<
    Omit<BatchNormalizationLayerOptions, 'name' | 'trainable' | 'activation'>
  > & {
    activation: Activation | undefined;
  };
  private gamma: Weight | undefined;
  private beta: Weight | undefined;
  private movingMean!: Weight;
  private movingVariance!: Weight;

  /** @throws {@link InvalidOptionError} when an option is outside its domain. */
  constructor(options: BatchNormalizationLayerOptions = {}) {
    const caller = 'BatchNormalization';
    checkKeys<LayerArguments & BatchNormalizationLayerOptions>(caller, options, {
      ...layerKeys,
      center: 1,
      scale: 1,
      epsilon: 1,
      momentum: 1,
      groups: 1,
      gammaInitializer: 1,
      activation: 1,
    });
    super(options as LayerArguments);
    const { center = true, scale = true, epsilon = 1e-5, momentum = 0.9, groups = 1 } = options;
    const { gammaInitializer = 'ones' } = options;
    const activation = options.activation ?? undefined; // a saved model says null
    checkPositive(caller, 'epsilon', epsilon);
    checkProbability(caller, 'momentum', momentum);
    checkInteger(caller, 'groups', groups);
    checkChoice(caller, 'gammaInitializer', gammaInitializer, ['ones', 'zeros']);
    if (activation !== undefined) checkChoice(caller, 'activation', activation, activations);
    this.options = { center, scale, epsilon, momentum, groups, gammaInitializer, activation };
  }

  /** Makes the weights `gamma`, `beta`, `moving_mean` and `moving_variance`, each `[channels]`. */
  override build(inputShape: OpenShape | OpenShape[]): void {
    const shape = firstShape(inputShape);
    const channels = shape[shape.length - 1];
    if (typeof channels !== 'number') {
      throw new ShapeError(
        `BatchNormalization: the last axis must have a known size. Received: input shape [${shape}].`,
      );
    }
    const make = (name: string, start: 'ones' | 'zeros', trainable: boolean) =>
      this.addWeight(name, [channels], 'float32', initializers[start](), undefined, trainable);
    if (this.options.scale) this.gamma = make('gamma', this.options.gammaInitializer, true);
    if (this.options.center) this.beta = make('beta', 'zeros', true);
    this.movingMean = make('moving_mean', 'zeros', false);
    this.movingVariance = make('moving_variance', 'ones', false);
    this.built = true;
  }

  /** The shape of `x`. */
  override computeOutputShape(inputShape: OpenShape | OpenShape[]): OpenShape {
    return firstShape(inputShape);
  }

  /**
   * @throws {@link ShapeError} in training, when a group has only one value for each channel or `groups` does not
   * divide the batch.
   */
  override call(inputs: Tensor | Tensor[], kwargs: CallArguments): Tensor {
    const [x, residual] = Array.isArray(inputs) ? inputs : [inputs];
    const { epsilon, activation, groups } = this.options;
    const gamma = this.gamma?.read() as Tensor1D | undefined;
    const beta = this.beta?.read() as Tensor1D | undefined;
    return tidy(() => {
      if (kwargs?.training !== true) {
        const mean = this.movingMean.read() as Tensor1D;
        const variance = this.movingVariance.read() as Tensor1D;
        return batchNormalizationInference(x!, {
          mean,
          variance,
          gamma,
          beta,
          residual,
          activation,
          epsilon,
        });
      }
      const result = batchNormalization(x!, { gamma, beta, residual, activation, epsilon, groups });
      if (kwargs.updateRunningStatistics !== false) {
        const [mean, variance] = moveStatistics({
          running: [this.movingMean.read() as Tensor1D, this.movingVariance.read() as Tensor1D],
          batch: [result.mean, result.variance],
          momentum: this.options.momentum,
          count: result.count,
        });
        this.movingMean.write(mean);
        this.movingVariance.write(variance);
      }
      return result.output;
    });
  }

  /** @returns The options as plain data. */
  override getConfig(): serialization.ConfigDict {
    const { activation, ...options } = this.options;
    return { ...super.getConfig(), ...options, activation: activation ?? null };
  }
}

function firstShape(inputShape: OpenShape | OpenShape[]): OpenShape {
  return (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as OpenShape;
}
