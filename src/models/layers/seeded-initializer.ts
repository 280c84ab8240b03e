import { type DataType, serialization, type Tensor, tensor, util, zeros } from '@tensorflow/tfjs-core';
import { checkKeys, type KnownKeys } from '../../errors/check-keys.js';
import { checkChoice, checkInteger, checkNonNegative } from '../../errors/checks.js';
import { randomGenerator } from '../../random/index.js';
import { normalPair } from '../../random/normal-pair.js';

/** How to initialize a weight: plain data, so that a saved model carries it. */
export interface SeededInitializerOptions {
  /** Shape of the distribution around 0; 'truncatedNormal' draws again beyond two standard deviations. */
  distribution: 'normal' | 'truncatedNormal' | 'uniform';
  /** Standard deviation before truncation; for 'uniform' half the width of the interval. At least 0. */
  scale: number;
  /** Integer >= 0. */
  seed: number;
  /** Which stream of `seed` to use; every weight has its own, see {@link weightStream}. Integer >= 0. */
  stream: number;
}

/** Set by `withUndrawnWeights`. */
export interface Undrawn {
  /** Zeros instead, because the weight is set next. A saved model does not have it. */
  undrawn?: boolean;
}

const initializerKeys = {
  distribution: 1,
  scale: 1,
  seed: 1,
  stream: 1,
  // tfjs-layers adds it to the config of a loaded initializer.
  customObjects: 1,
  undrawn: 1,
} as const satisfies KnownKeys<SeededInitializerOptions & Undrawn & { customObjects: unknown }>;

/** @throws {@link InvalidOptionError} when an option is unknown or outside its domain. */
export function checkInitializer(caller: string, options: SeededInitializerOptions): void {
  checkKeys(caller, options, initializerKeys);
  const { distribution, scale, seed, stream } = options;
  checkChoice(caller, 'distribution', distribution, ['normal', 'truncatedNormal', 'uniform']);
  checkNonNegative(caller, 'scale', scale);
  checkInteger(caller, 'seed', seed, 0);
  checkInteger(caller, 'stream', stream, 0);
}

/**
 * An initializer for tfjs-layers that draws values on the host with this library's generator: the same seed gives
 * the same weights on every backend.
 *
 * Pass the result of {@link seededInitializer} where tfjs-layers takes an initializer.
 */
export class SeededInitializer extends serialization.Serializable {
  /** Name under which a saved model refers to the class. */
  static readonly className = 'SimCLRSeededInitializer';

  /**
   * @throws {@link InvalidOptionError} when an option is outside its domain.
   */
  constructor(private readonly options: SeededInitializerOptions) {
    super();
    checkInitializer('SeededInitializer', options);
  }

  /** tfjs-layers asks whether restoring needs custom objects: it does not. */
  fromConfigUsesCustomObjects(): boolean {
    return false;
  }

  /** A new tensor of `shape`; the caller disposes of it. */
  apply(shape: Array<number | null>, dtype: DataType = 'float32'): Tensor {
    const sizes = shape as number[];
    if ((this.options as Undrawn).undrawn) return zeros(sizes, dtype);
    return tensor(drawWeights(util.sizeFromShape(sizes), this.options), sizes, dtype);
  }

  override getConfig(): serialization.ConfigDict {
    const { distribution, scale, seed, stream } = this.options;
    return { distribution, scale, seed, stream };
  }
}

/** The form in which tfjs-layers accepts a {@link SeededInitializer} as `kernelInitializer` and the like. */
export function seededInitializer(options: SeededInitializerOptions): serialization.ConfigDict {
  checkInitializer('seededInitializer', options);
  return { className: SeededInitializer.className, config: { ...options } };
}

/** How many random words are drawn at a time: an even number. */
const wordsAtOnce = 8192;

/** `length` values of the distribution; a pure function of both arguments. */
export function drawWeights(length: number, options: SeededInitializerOptions): Float32Array<ArrayBuffer> {
  const { distribution, scale, seed, stream } = options;
  const random = randomGenerator(seed).fold(stream);
  const values = new Float32Array(length);
  if (distribution === 'uniform') {
    for (const [i, word] of random.words(length).entries()) {
      values[i] = -scale + 2 * scale * ((word >>> 8) / 2 ** 24);
    }
    return values;
  }
  const limit = distribution === 'normal' ? Number.POSITIVE_INFINITY : 2;
  for (let i = 0; i < length; ) {
    const words = random.words(Math.min(wordsAtOnce, 2 * Math.ceil((length - i) / 2)));
    for (let at = 0; at < words.length && i < length; at += 2) {
      const [first, second] = normalPair(words[at]!, words[at + 1]!);
      if (Math.abs(first) <= limit) values[i++] = first * scale;
      if (Math.abs(second) <= limit && i < length) values[i++] = second * scale;
    }
  }
  return values;
}

/** Stream number of the weight called `name`: the 32-bit FNV-1a hash of the name. */
export function weightStream(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}

/**
 * How to initialize the convolutions and dense layers of a model.
 *
 * - `'torch'`: torchvision's ResNet (normal, variance 2 / fan-out) and `torch.nn.Linear` (uniform within
 *   1 / sqrt(fan-in), weight and bias alike).
 * - `'google'`: the official SimCLR code (variance 1 / fan-in, truncated normal, for convolutions; N(0, 0.01) for dense
 *   kernels; biases 0).
 */
export type InitializerConvention = 'torch' | 'google';

// The standard deviation of a standard normal distribution truncated at two.
const truncatedDeviation = 0.87962566103423978;

/** How `convention` initializes a convolution kernel of shape [height, width, inputs, outputs]. */
export function convolutionInitializer(
  convention: InitializerConvention,
  kernelShape: readonly [number, number, number, number],
  seed: number,
  name: string,
): SeededInitializerOptions {
  const [height, width, inputs, outputs] = kernelShape;
  const stream = weightStream(`${name}/kernel`);
  if (convention === 'google') {
    const scale = Math.sqrt(1 / (height * width * inputs)) / truncatedDeviation;
    return { distribution: 'truncatedNormal', scale, seed, stream };
  }
  return { distribution: 'normal', scale: Math.sqrt(2 / (height * width * outputs)), seed, stream };
}

/** How a depthwise convolution's kernel of shape [height, width, channels, multiplier] is filled under `convention`. */
export function depthwiseInitializer(
  convention: InitializerConvention,
  [height, width, channels, multiplier]: readonly [number, number, number, number],
  seed: number,
  name: string,
): SeededInitializerOptions {
  // Each output has one input. PyTorch counts all outputs as fan-out.
  return convolutionInitializer(convention, [height, width, 1, channels * multiplier], seed, name);
}

/** How a dense layer's kernel and bias are filled under `convention`. */
export function denseInitializers(
  convention: InitializerConvention,
  inputs: number,
  seed: number,
  name: string,
): { kernelInitializer: SeededInitializerOptions; biasInitializer: SeededInitializerOptions } {
  const bound = 1 / Math.sqrt(inputs);
  const [kernel, bias] = [weightStream(`${name}/kernel`), weightStream(`${name}/bias`)];
  if (convention === 'google') {
    return {
      kernelInitializer: { distribution: 'normal', scale: 0.01, seed, stream: kernel },
      biasInitializer: { distribution: 'normal', scale: 0, seed, stream: bias },
    };
  }
  return {
    kernelInitializer: { distribution: 'uniform', scale: bound, seed, stream: kernel },
    biasInitializer: { distribution: 'uniform', scale: bound, seed, stream: bias },
  };
}
