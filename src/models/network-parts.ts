import type { SymbolicTensor } from '@tensorflow/tfjs-layers';
import { checkKeys } from '../errors/check-keys.js';
import { checkChoice, checkInteger } from '../errors/checks.js';
import { InvalidOptionError } from '../errors/errors.js';
import { BatchNormalization, type BatchNormalizationLayerOptions } from './layers/batch-normalization.js';
import { type BatchNormalizationSettings, layerSettings } from './layers/batch-normalization-options.js';
import { PaddedConv2D } from './layers/padded-conv2d.js';
import { PaddedDepthwiseConv2D } from './layers/padded-depthwise-conv2d.js';
import { registerLayers } from './layers/register-layers.js';
import {
  convolutionInitializer,
  depthwiseInitializer,
  type InitializerConvention,
} from './layers/seeded-initializer.js';

/** [height, width, channels] of pictures; `null` = any. */
export type PictureShape = readonly [height: number | null, width: number | null, channels: number];

/** Options that all networks of this library have. */
export interface NetworkOptions {
  /**
   * [height, width, channels] of the pictures. `null` as height or width takes any: all pictures of one batch have one
   * size, other batches may have another.
   * @defaultValue `[96, 96, 3]`, the pictures of STL-10
   */
  inputShape?: PictureShape;
  /**
   * Integer >= 0 that the weights are a function of.
   * @defaultValue `0`
   */
  seed?: number;
  /**
   * Name of the model. Where it is given, every layer's name begins with it and a dot, so that two networks fit in one
   * model; without it layers are called as torchvision's modules are, such as 'layer1.0.conv1'.
   */
  name?: string;
  /** Momentum, epsilon and groups of every batch normalization. */
  batchNormalization?: BatchNormalizationSettings;
  /**
   * How kernels are filled, see {@link InitializerConvention}.
   * @defaultValue `'torch'`
   */
  initializer?: InitializerConvention;
}

/** {@link NetworkOptions} that have been checked. */
export interface NetworkSettings {
  inputShape: PictureShape;
  seed: number;
  name: string | undefined;
  normalization: BatchNormalizationLayerOptions;
  initializer: InitializerConvention;
}

/**
 * Checks the options that all networks have.
 *
 * @param ownKeys - The options that only this network has.
 * @throws {@link InvalidOptionError} when a value is outside its domain or a key is unknown.
 */
export function resolveNetwork<Options extends NetworkOptions>(
  caller: string,
  options: Options,
  ownKeys: Readonly<Record<Exclude<keyof Options, keyof NetworkOptions>, 1>>,
): NetworkSettings {
  const common = { inputShape: 1, seed: 1, name: 1, batchNormalization: 1, initializer: 1 } as const;
  checkKeys<object>(caller, options, { ...common, ...ownKeys });
  const { inputShape = [96, 96, 3], seed = 0, name, initializer = 'torch' } = options;
  const normalization = layerSettings(caller, options.batchNormalization ?? {}, {});
  if (!Array.isArray(inputShape) || inputShape.length !== 3) {
    throw new InvalidOptionError(
      `${caller}: inputShape must be [height, width, channels], with null for any height or width. Received: inputShape=${JSON.stringify(inputShape)}.`,
    );
  }
  for (const [axis, size] of (inputShape as PictureShape).entries()) {
    if (size !== null || axis === 2) checkInteger(caller, 'inputShape', size as number);
  }
  checkInteger(caller, 'seed', seed, 0);
  checkChoice(caller, 'initializer', initializer, ['torch', 'google']);
  return { inputShape, seed, name, normalization, initializer };
}

/** Makes the layers of one network, with its options and names. */
export class Parts {
  private readonly prefix: string | undefined;
  private readonly settings: BatchNormalizationLayerOptions;
  private readonly convention: InitializerConvention;
  private readonly seed: number;

  /** Also makes this library's layers known to tfjs-layers. */
  constructor({ name, normalization, initializer, seed }: NetworkSettings) {
    registerLayers();
    this.prefix = name;
    this.settings = normalization;
    this.convention = initializer;
    this.seed = seed;
  }

  named(name: string): string {
    return this.prefix === undefined ? name : `${this.prefix}.${name}`;
  }

  convolution(
    x: SymbolicTensor,
    name: string,
    filters: number,
    kernelSize: number,
    strides = 1,
    padding?: number,
  ): SymbolicTensor {
    const shape: [number, number, number, number] = [kernelSize, kernelSize, x.shape[3]!, filters];
    // The stream follows the unprefixed name: networks of one seed start equal whatever they are called.
    const kernelInitializer = convolutionInitializer(this.convention, shape, this.seed, name);
    const layer = new PaddedConv2D({
      filters,
      kernelSize,
      strides,
      kernelInitializer,
      name: this.named(name),
      ...(padding !== undefined && { padding }),
    });
    return layer.apply(x) as SymbolicTensor;
  }

  depthwise(x: SymbolicTensor, name: string, kernelSize: number, strides: number): SymbolicTensor {
    const shape: [number, number, number, number] = [kernelSize, kernelSize, x.shape[3]!, 1];
    const kernelInitializer = depthwiseInitializer(this.convention, shape, this.seed, name);
    const layer = new PaddedDepthwiseConv2D({
      kernelSize,
      strides,
      kernelInitializer,
      name: this.named(name),
    });
    return layer.apply(x) as SymbolicTensor;
  }

  normalization(
    x: SymbolicTensor | SymbolicTensor[],
    name: string,
    options: BatchNormalizationLayerOptions = {},
  ): SymbolicTensor {
    const layer = new BatchNormalization({ name: this.named(name), ...this.settings, ...options });
    return layer.apply(x) as SymbolicTensor;
  }
}
