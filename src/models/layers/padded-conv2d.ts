import { add, conv2d, type serialization, type Tensor, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { initializers, layers } from '@tensorflow/tfjs-layers';
import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger } from '../../errors/checks.js';
import { ShapeError } from '../../errors/errors.js';
import { paddedConv2d } from '../../tensors/index.js';
import { layerKeys } from './layer-keys.js';
import type { CallArguments, LayerArguments, OpenShape, Weight, WeightInitializer } from './layer-types.js';
import { axesOf, checkPadding, outputSize, type Padding, planPadding } from './padding.js';
import {
  checkInitializer,
  convolutionInitializer,
  SeededInitializer,
  type SeededInitializerOptions,
} from './seeded-initializer.js';

/** Options of {@link PaddedConv2D}. */
export interface PaddedConv2DOptions {
  /** Name of the layer. */
  name?: string;
  /** Output channels. */
  filters: number;
  /** Height and width of the kernel, in pixels. */
  kernelSize: number;
  /**
   * Step of the kernel along both axes, in pixels.
   * @defaultValue 1
   */
  strides?: number;
  /**
   * Zeros around the picture, in pixels.
   * @defaultValue kernelSize - 1 rows and columns in total, half of them on each side, as in torchvision's ResNet and
   * the official SimCLR code
   */
  padding?: Padding;
  /**
   * Whether a learned offset is added.
   * @defaultValue false
   */
  useBias?: boolean;
  /**
   * How to initialize the kernel.
   * @defaultValue normal with variance 2 / fan-out, seed 0
   */
  kernelInitializer?: SeededInitializerOptions;
  /**
   * Whether the kernel is trained.
   * @defaultValue true
   */
  trainable?: boolean;
}

/**
 * Two-dimensional convolution with explicit padding, as in PyTorch. At stride 2, TensorFlow's 'same' padding depends
 * on the picture's size and is not symmetric.
 *
 * Maps `[batch, height, width, channels]` to `[batch, height', width', filters]`.
 *
 * @example
 * const y = new PaddedConv2D({ filters: 64, kernelSize: 7, strides: 2, padding: 3 }).apply(x);
 */
export class PaddedConv2D extends layers.Layer {
  /** Name under which a saved model refers to the class. */
  static readonly className = 'SimCLRPaddedConv2D';

  private readonly options: Required<Omit<PaddedConv2DOptions, 'name' | 'trainable' | 'kernelInitializer'>>;
  private readonly kernelInitializer: SeededInitializerOptions | undefined;
  private kernel!: Weight;
  private bias: Weight | undefined;

  /** @throws {@link InvalidOptionError} when an option is outside its domain. */
  constructor(options: PaddedConv2DOptions) {
    const caller = 'PaddedConv2D';
    const own = { filters: 1, kernelSize: 1, strides: 1, padding: 1, useBias: 1, kernelInitializer: 1 };
    checkKeys<LayerArguments & PaddedConv2DOptions>(caller, options, { ...layerKeys, ...own });
    super(options as LayerArguments);
    const { filters, kernelSize, strides = 1, useBias = false } = options;
    checkInteger(caller, 'filters', filters);
    checkInteger(caller, 'kernelSize', kernelSize);
    checkInteger(caller, 'strides', strides);
    const [before, after] = [Math.floor((kernelSize - 1) / 2), Math.ceil((kernelSize - 1) / 2)];
    const { padding = [before, after, before, after] } = options;
    checkPadding(caller, padding);
    this.options = { filters, kernelSize, strides, padding, useBias };
    this.kernelInitializer = options.kernelInitializer ?? undefined;
    if (this.kernelInitializer) checkInitializer(caller, this.kernelInitializer);
  }

  /** Makes the weights `kernel`, `[kernelSize, kernelSize, channels, filters]`, and `bias`, `[filters]`. */
  override build(inputShape: OpenShape | OpenShape[]): void {
    const channels = (inputShape as OpenShape)[3];
    if (inputShape.length !== 4 || typeof channels !== 'number') {
      throw new ShapeError(
        `PaddedConv2D: the input must have shape [batch, height, width, channels]. Received: input shape [${inputShape}].`,
      );
    }
    const { filters, kernelSize, useBias } = this.options;
    const shape: [number, number, number, number] = [kernelSize, kernelSize, channels, filters];
    const initializer = new SeededInitializer(
      this.kernelInitializer ?? convolutionInitializer('torch', shape, 0, this.name),
    );
    this.kernel = this.addWeight(
      'kernel',
      shape,
      'float32',
      initializer as WeightInitializer,
      undefined,
      true,
    );
    if (useBias) {
      this.bias = this.addWeight('bias', [filters], 'float32', initializers.zeros(), undefined, true);
    }
    this.built = true;
  }

  /** `[batch, height', width', filters]`; unknown sizes stay unknown. */
  override computeOutputShape(inputShape: OpenShape | OpenShape[]): OpenShape {
    const [batch, height, width] = inputShape as OpenShape;
    const { filters, kernelSize, strides, padding } = this.options;
    const [vertical, horizontal] = axesOf(padding);
    const window = { kernelSize, stride: strides };
    return [
      batch!,
      height == null ? null : outputSize(height, window, vertical),
      width == null ? null : outputSize(width, window, horizontal),
      filters,
    ];
  }

  /** The convolution of one tensor. */
  override call(inputs: Tensor | Tensor[], _kwargs: CallArguments): Tensor {
    const x = (Array.isArray(inputs) ? inputs[0] : inputs) as Tensor4D;
    const { kernelSize, strides, padding } = this.options;
    const window = { kernelSize, stride: strides };
    return tidy(() => {
      const plan = planPadding([x.shape[1], x.shape[2]], [window, window], axesOf(padding));
      const kernel = this.kernel.read() as Tensor4D;
      const output =
        plan.pad === undefined
          ? conv2d(x, kernel, strides, plan.mode)
          : paddedConv2d(x, kernel, { strides, padding: plan.pad });
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
