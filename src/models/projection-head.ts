import { input, type LayersModel, layers, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { checkKeys } from '../errors/check-keys.js';
import { checkChoice, checkInteger } from '../errors/checks.js';
import { InvalidOptionError } from '../errors/errors.js';
import { BatchNormalization } from './layers/batch-normalization.js';
import { type BatchNormalizationSettings, layerSettings } from './layers/batch-normalization-options.js';
import { registerLayers } from './layers/register-layers.js';
import {
  denseInitializers,
  type InitializerConvention,
  seededInitializer,
} from './layers/seeded-initializer.js';

/** Where a {@link projectionHead} has batch normalization, and how it normalizes. */
export interface HeadNormalization extends BatchNormalizationSettings {
  /**
   * Whether batch normalization follows each hidden layer.
   *
   * @defaultValue `false`
   */
  hidden?: boolean;
  /**
   * What follows the last layer: nothing, a batch normalization with scale only (`'scale'`, the official SimCLR code),
   * or one with scale and offset (`'full'`).
   *
   * @defaultValue `'none'`
   */
  output?: 'none' | 'scale' | 'full';
}

/** Options of {@link projectionHead}. */
export interface ProjectionHeadOptions {
  /**
   * Length of the representations h.
   * @defaultValue `512`, the output of ResNet-18 and -34
   */
  inputDim?: number;
  /**
   * Widths of the hidden layers, each followed by a ReLU; `[]` makes the head linear.
   * @defaultValue `[512, 512]`; the paper has one
   */
  hidden?: readonly number[];
  /**
   * Length of the projections z.
   * @defaultValue `64`; the paper has 128
   */
  outputDim?: number;
  /** Where there is batch normalization, and its momentum, epsilon and groups. @defaultValue none anywhere */
  batchNormalization?: HeadNormalization;
  /**
   * Whether dense layers have a bias.
   * @defaultValue `true` where no batch normalization follows (it would cancel the bias), otherwise `false`
   */
  useBias?: boolean;
  /**
   * How to initialize kernels and biases, see {@link InitializerConvention}.
   * @defaultValue `'torch'`
   */
  initializer?: InitializerConvention;
  /**
   * Seed of the weights. Integer >= 0.
   * @defaultValue `0`
   */
  seed?: number;
  /**
   * Name of the model; its layers are called 'NAME.dense1', 'NAME.bn1', ...
   * @defaultValue `'projectionHead'`
   */
  name?: string;
}

/**
 * Projection head g: representations h to projections z, used by the loss only.
 *
 * Dense layers with a ReLU after each but the last. z is not normalized: the loss does that.
 *
 * @param options - See {@link ProjectionHeadOptions}.
 * @returns Model from `[batch, inputDim]` to `[batch, outputDim]`, float32. Dispose of it with `model.dispose()`.
 * @throws {@link InvalidOptionError} when an option is outside its domain.
 * @example
 * const ours = projectionHead({ inputDim: 512 });
 * const paper = projectionHead({ inputDim: 2048, hidden: [2048], outputDim: 128 });
 * const official = projectionHead({
 *   inputDim: 512, hidden: [512, 512], outputDim: 128, initializer: 'google',
 *   batchNormalization: { hidden: true, output: 'scale' },
 * });
 * @see Chen et al. 2020, arXiv:2002.05709, section 2.1 (one hidden layer); google-research/simclr, `model_util.py`
 * (three layers, batch normalization after each).
 */
export function projectionHead(options: ProjectionHeadOptions = {}): LayersModel {
  const caller = 'projectionHead';
  checkKeys(caller, options, {
    inputDim: 1,
    hidden: 1,
    outputDim: 1,
    batchNormalization: 1,
    useBias: 1,
    initializer: 1,
    seed: 1,
    name: 1,
  });
  const { inputDim = 512, hidden = [512, 512], outputDim = 64, batchNormalization = {} } = options;
  const { initializer = 'torch', seed = 0, name = caller } = options;
  const settings = layerSettings(caller, batchNormalization, { hidden: 1, output: 1 });
  const { hidden: normalizesHidden = false, output = 'none' } = batchNormalization;
  checkInteger(caller, 'inputDim', inputDim);
  if (!Array.isArray(hidden)) {
    throw new InvalidOptionError(
      `${caller}: hidden must be a list of layer widths. Received: hidden=${JSON.stringify(hidden)}.`,
    );
  }
  for (const width of hidden as readonly number[]) checkInteger(caller, 'hidden', width);
  checkInteger(caller, 'outputDim', outputDim);
  checkChoice(caller, 'batchNormalization.output', output, ['none', 'scale', 'full']);
  checkChoice(caller, 'initializer', initializer, ['torch', 'google']);
  checkInteger(caller, 'seed', seed, 0);
  registerLayers();

  const representation = input({ shape: [inputDim], name: `${name}.input` });
  const widths = [...hidden, outputDim];
  let x = representation;
  for (const [index, units] of widths.entries()) {
    const isLast = index === widths.length - 1;
    const normalized = isLast ? output !== 'none' : normalizesHidden;
    // The streams do not depend on the head's name, so heads with the same seed start equal.
    const weights = denseInitializers(initializer, x.shape[1]!, seed, `projectionHead.dense${index + 1}`);
    const dense = layers.dense({
      name: `${name}.dense${index + 1}`,
      units,
      useBias: options.useBias ?? !normalized,
      kernelInitializer: seededInitializer(weights.kernelInitializer) as never,
      biasInitializer: seededInitializer(weights.biasInitializer) as never,
      ...(!normalized && !isLast && { activation: 'relu' as const }),
    });
    x = dense.apply(x) as SymbolicTensor;
    if (!normalized) continue;
    const normalization = new BatchNormalization({
      name: `${name}.bn${index + 1}`,
      center: !(isLast && output === 'scale'),
      ...(!isLast && { activation: 'relu' as const }),
      ...settings,
    });
    x = normalization.apply(x) as SymbolicTensor;
  }
  return model({ inputs: representation, outputs: x, name });
}
