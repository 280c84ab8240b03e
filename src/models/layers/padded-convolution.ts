import { add, type serialization, type Tensor, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { initializers, layers } from '@tensorflow/tfjs-layers';
import { checkKeys, type KnownKeys } from '../../errors/check-keys.js';
import { checkInteger } from '../../errors/checks.js';
import { ShapeError } from '../../errors/errors.js';
import { layerKeys } from './layer-keys.js';
import type { CallArguments, LayerArguments, OpenShape, Weight, WeightInitializer } from './layer-types.js';
import { axesOf, checkPadding, outputShape, type Padding, type PaddingPlan, planPadding } from './padding.js';
import {
  checkInitializer,
  SeededInitializer,
  type SeededInitializerOptions,
  type Undrawn,
} from './seeded-initializer.js';

/** Options of all convolutions of this library. */
export interface PaddedConvolutionOptions {
  /** Name of the layer. */
  name?: string;
  /** Height and width of the kernel, in pixels. */
  kernelSize: number;
  /**
   * Step of the kernel along both axes, in pixels.
   * @defaultValue `1`
   */
  strides?: number;
  /**
   * Zeros around the picture, in pixels.
   * @defaultValue `kernelSize - 1` rows and columns in total, half of them on each side, as in torchvision's networks
   * and the official SimCLR code
   */
  padding?: Padding;
  /**
   * Whether a learned offset is added.
   * @defaultValue `false`
   */
  useBias?: boolean;
  /**
   * How to initialize the kernel.
   * @defaultValue normal with variance 2 / fan-out, seed 0
   */
  kernelInitializer?: SeededInitializerOptions;
  /**
   * Whether the kernel is trained.
   * @defaultValue `true`
   */
  trainable?: boolean;
}

/** Shape of a kernel: [height, width, inputs, outputs]. */
export type KernelShape = [number, number, number, number];

type Resolved = Required<Omit<PaddedConvolutionOptions, 'name' | 'trainable' | 'kernelInitializer'>>;

const commonKeys = {
  kernelSize: 1,
  strides: 1,
  padding: 1,
  useBias: 1,
  kernelInitializer: 1,
  undrawn: 1,
} as const satisfies KnownKeys<Omit<PaddedConvolutionOptions, 'name' | 'trainable'> & Undrawn>;

/** A convolution with explicit padding. */
export abstract class PaddedConvolution extends layers.Layer {
  /** @internal */
  protected readonly options: Resolved;
  private readonly kernelInitializer: SeededInitializerOptions | undefined;
  private readonly undrawn: boolean;
  private kernel!: Weight;
  private bias: Weight | undefined;

  /** @param ownKeys - The options that only this kind of convolution has. */
  protected constructor(
    private readonly caller: string,
    options: PaddedConvolutionOptions & Undrawn,
    ownKeys: Readonly<Record<string, 1>>,
  ) {
    checkKeys<object>(caller, options, { ...layerKeys, ...commonKeys, ...ownKeys });
    super(options as LayerArguments);
    const { kernelSize, strides = 1, useBias = false } = options;
    checkInteger(caller, 'kernelSize', kernelSize);
    checkInteger(caller, 'strides', strides);
    const [before, after] = [Math.floor((kernelSize - 1) / 2), Math.ceil((kernelSize - 1) / 2)];
    const { padding = [before, after, before, after] } = options;
    checkPadding(caller, padding);
    this.options = { kernelSize, strides, padding, useBias };
    this.kernelInitializer = options.kernelInitializer ?? undefined;
    if (this.kernelInitializer) checkInitializer(caller, this.kernelInitializer);
    this.undrawn = options.undrawn ?? false;
  }

  /**
   * Name of the kernel's weight.
   * @internal
   */
  protected abstract readonly kernelName: string;

  /**
   * Shape of the kernel for pictures of `channels` channels, and how it is filled by default.
   * @internal
   */
  protected abstract describeKernel(channels: number): {
    shape: KernelShape;
    initializer: SeededInitializerOptions;
  };

  /**
   * Channels that come out.
   * @internal
   */
  protected abstract outputChannels(channels: number | null): number | null;

  /**
   * The convolution with the padding of a plan.
   * @internal
   */
  protected abstract convolve(x: Tensor4D, kernel: Tensor4D, plan: PaddingPlan): Tensor4D;

  override build(inputShape: OpenShape | OpenShape[]): void {
    const channels = (inputShape as OpenShape)[3];
    if (inputShape.length !== 4 || typeof channels !== 'number') {
      throw new ShapeError(
        `${this.caller}: the input must have shape [batch, height, width, channels]. Received: input shape [${inputShape}].`,
      );
    }
    const { shape, initializer } = this.describeKernel(channels);
    const options = { ...(this.kernelInitializer ?? initializer), undrawn: this.undrawn };
    const seeded = new SeededInitializer(options) as WeightInitializer;
    this.kernel = this.addWeight(this.kernelName, shape, 'float32', seeded, undefined, true);
    if (this.options.useBias) {
      const outputs = this.outputChannels(channels);
      this.bias = this.addWeight('bias', [outputs], 'float32', initializers.zeros(), undefined, true);
    }
    this.built = true;
  }

  /** `[batch, height', width', channels']`; sizes that are open stay open. */
  override computeOutputShape(inputShape: OpenShape | OpenShape[]): OpenShape {
    const channels = (inputShape as OpenShape)[3];
    return outputShape(inputShape as OpenShape, this.options, this.outputChannels(channels ?? null));
  }

  /** The convolution of one tensor. */
  override call(inputs: Tensor | Tensor[], _kwargs: CallArguments): Tensor {
    const x = (Array.isArray(inputs) ? inputs[0] : inputs) as Tensor4D;
    const { kernelSize, strides, padding } = this.options;
    const window = { kernelSize, stride: strides };
    return tidy(() => {
      const plan = planPadding([x.shape[1], x.shape[2]], [window, window], axesOf(padding));
      const output = this.convolve(x, this.kernel.read() as Tensor4D, plan);
      return this.bias === undefined ? output : add(output, this.bias.read());
    });
  }

  /** @returns The options as plain data. */
  override getConfig(): serialization.ConfigDict {
    const { padding, ...options } = this.options;
    return {
      ...super.getConfig(),
      ...options,
      padding: typeof padding === 'number' ? padding : [...padding],
      kernelInitializer: this.kernelInitializer === undefined ? null : { ...this.kernelInitializer },
    };
  }
}
