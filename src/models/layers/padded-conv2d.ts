import { conv2d, type serialization, type Tensor4D } from '@tensorflow/tfjs-core';
import { checkInteger } from '../../errors/checks.js';
import { paddedConv2d } from '../../tensors/index.js';
import { type KernelShape, PaddedConvolution, type PaddedConvolutionOptions } from './padded-convolution.js';
import type { PaddingPlan } from './padding.js';
import { convolutionInitializer } from './seeded-initializer.js';

/** Options of {@link PaddedConv2D}. */
export interface PaddedConv2DOptions extends PaddedConvolutionOptions {
  /** Output channels. */
  filters: number;
}

/**
 * Two-dimensional convolution with explicit padding, as in PyTorch. At stride 2, TensorFlow's 'same' padding depends
 * on the picture's size and is not symmetric.
 *
 * Maps `[batch, height, width, channels]` to `[batch, height', width', filters]`. Its weights are `kernel`,
 * `[kernelSize, kernelSize, channels, filters]`, and `bias`, `[filters]`.
 *
 * @example
 * const y = new PaddedConv2D({ filters: 64, kernelSize: 7, strides: 2, padding: 3 }).apply(x);
 */
export class PaddedConv2D extends PaddedConvolution {
  /** Name under which a saved model refers to the class. */
  static readonly className = 'SimCLRPaddedConv2D';

  /** @internal */
  protected override readonly kernelName = 'kernel';
  private readonly filters: number;

  /** @throws {@link InvalidOptionError} when an option is outside its domain. */
  constructor(options: PaddedConv2DOptions) {
    super('PaddedConv2D', options, { filters: 1 });
    checkInteger('PaddedConv2D', 'filters', options.filters);
    this.filters = options.filters;
  }

  /** @internal */
  protected override describeKernel(channels: number) {
    const { kernelSize } = this.options;
    const shape: KernelShape = [kernelSize, kernelSize, channels, this.filters];
    return { shape, initializer: convolutionInitializer('torch', shape, 0, this.name) };
  }

  /** @internal */
  protected override outputChannels(): number {
    return this.filters;
  }

  /** @internal */
  protected override convolve(x: Tensor4D, kernel: Tensor4D, { mode, pad }: PaddingPlan): Tensor4D {
    const { strides } = this.options;
    if (pad === undefined) return conv2d(x, kernel, strides, mode);
    return paddedConv2d(x, kernel, { strides, padding: pad });
  }

  /** @returns The options as plain data. */
  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), filters: this.filters };
  }
}
