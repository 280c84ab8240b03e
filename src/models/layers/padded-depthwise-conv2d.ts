import { depthwiseConv2d, type serialization, type Tensor4D } from '@tensorflow/tfjs-core';
import { checkInteger } from '../../errors/checks.js';
import { paddedDepthwiseConv2d } from '../../tensors/index.js';
import { type KernelShape, PaddedConvolution, type PaddedConvolutionOptions } from './padded-convolution.js';
import type { PaddingPlan } from './padding.js';
import { depthwiseInitializer } from './seeded-initializer.js';

/** Options of {@link PaddedDepthwiseConv2D}. */
export interface PaddedDepthwiseConv2DOptions extends PaddedConvolutionOptions {
  /**
   * Filters per channel.
   * @defaultValue `1`
   */
  depthMultiplier?: number;
}

/**
 * Depthwise convolution with explicit padding: each channel has its own filters. It is PyTorch's `Conv2d` with as many
 * groups as channels.
 *
 * Maps `[batch, height, width, channels]` to `[batch, height', width', channels * depthMultiplier]`. Its weights are
 * `depthwise_kernel`, `[kernelSize, kernelSize, channels, depthMultiplier]`, and `bias`, one value per output channel.
 *
 * @example
 * const y = new PaddedDepthwiseConv2D({ kernelSize: 3, strides: 2 }).apply(x);
 */
export class PaddedDepthwiseConv2D extends PaddedConvolution {
  /** Name under which a saved model refers to the class. */
  static readonly className = 'SimCLRPaddedDepthwiseConv2D';

  /** @internal */
  protected override readonly kernelName = 'depthwise_kernel';
  private readonly depthMultiplier: number;

  /** @throws {@link InvalidOptionError} when an option is outside its domain. */
  constructor(options: PaddedDepthwiseConv2DOptions) {
    super('PaddedDepthwiseConv2D', options, { depthMultiplier: 1 });
    const { depthMultiplier = 1 } = options;
    checkInteger('PaddedDepthwiseConv2D', 'depthMultiplier', depthMultiplier);
    this.depthMultiplier = depthMultiplier;
  }

  /** @internal */
  protected override describeKernel(channels: number) {
    const { kernelSize } = this.options;
    const shape: KernelShape = [kernelSize, kernelSize, channels, this.depthMultiplier];
    return { shape, initializer: depthwiseInitializer('torch', shape, 0, this.name) };
  }

  /** @internal */
  protected override outputChannels(channels: number | null): number | null {
    return channels === null ? null : channels * this.depthMultiplier;
  }

  /** @internal */
  protected override convolve(x: Tensor4D, kernel: Tensor4D, { mode, pad }: PaddingPlan): Tensor4D {
    const { strides } = this.options;
    if (pad === undefined) return depthwiseConv2d(x, kernel, strides, mode);
    return paddedDepthwiseConv2d(x, kernel, { strides, padding: pad });
  }

  /** @returns The options as plain data. */
  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), depthMultiplier: this.depthMultiplier };
  }
}
