import { maxPool, type serialization, type Tensor, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger } from '../../errors/checks.js';
import { InvalidOptionError, ShapeError } from '../../errors/errors.js';
import { paddedMaxPool } from '../../tensors/index.js';
import { layerKeys } from './layer-keys.js';
import type { CallArguments, LayerArguments, OpenShape } from './layer-types.js';
import { axesOf, checkPadding, outputShape, type Padding, planPadding } from './padding.js';

/** Options of {@link PaddedMaxPooling2D}. */
export interface PaddedMaxPooling2DOptions {
  /** Name of the layer. */
  name?: string;
  /** Height and width of the window, in pixels. */
  kernelSize: number;
  /**
   * Step of the window along both axes, in pixels.
   * @defaultValue `kernelSize`
   */
  strides?: number;
  /**
   * Rows and columns around the picture that no maximum includes, in pixels; smaller than the window.
   * @defaultValue `0`
   */
  padding?: Padding;
}

/**
 * Maximum over windows with explicit padding, as in PyTorch.
 *
 * Maps `[batch, height, width, channels]` to `[batch, height', width', channels]`.
 *
 * @example
 * const y = new PaddedMaxPooling2D({ kernelSize: 3, strides: 2, padding: 1 }).apply(x);
 */
export class PaddedMaxPooling2D extends layers.Layer {
  /** Name under which a saved model refers to the class. */
  static readonly className = 'SimCLRPaddedMaxPooling2D';

  private readonly options: Required<Omit<PaddedMaxPooling2DOptions, 'name'>>;

  /** @throws {@link InvalidOptionError} when an option is outside its domain. */
  constructor(options: PaddedMaxPooling2DOptions) {
    const caller = 'PaddedMaxPooling2D';
    checkKeys<LayerArguments & PaddedMaxPooling2DOptions>(caller, options, {
      ...layerKeys,
      kernelSize: 1,
      strides: 1,
      padding: 1,
    });
    super(options as LayerArguments);
    const { kernelSize, strides = kernelSize, padding = 0 } = options;
    checkInteger(caller, 'kernelSize', kernelSize);
    checkInteger(caller, 'strides', strides);
    checkPadding(caller, padding);
    if (
      axesOf(padding)
        .flat()
        .some((side) => side >= kernelSize)
    ) {
      throw new InvalidOptionError(
        `${caller}: padding must be smaller than kernelSize, or a window would hold no pixel. Received: padding=${JSON.stringify(padding)}, kernelSize=${kernelSize}.`,
      );
    }
    this.options = { kernelSize, strides, padding };
  }

  /** `[batch, height', width', channels]`; unknown sizes stay unknown. */
  override computeOutputShape(inputShape: OpenShape | OpenShape[]): OpenShape {
    if (inputShape.length !== 4) {
      throw new ShapeError(
        `PaddedMaxPooling2D: the input must have shape [batch, height, width, channels]. Received: input shape [${inputShape}].`,
      );
    }
    return outputShape(inputShape as OpenShape, this.options, (inputShape as OpenShape)[3]!);
  }

  /** The maxima of one tensor. */
  override call(inputs: Tensor | Tensor[], _kwargs: CallArguments): Tensor {
    const x = (Array.isArray(inputs) ? inputs[0] : inputs) as Tensor4D;
    const { kernelSize, strides, padding } = this.options;
    const window = { kernelSize, stride: strides };
    return tidy(() => {
      const plan = planPadding([x.shape[1], x.shape[2]], [window, window], axesOf(padding));
      return plan.pad === undefined
        ? maxPool(x, kernelSize, strides, plan.mode)
        : paddedMaxPool(x, kernelSize, { strides, padding: plan.pad });
    });
  }

  /** @returns The options as plain data. */
  override getConfig(): serialization.ConfigDict {
    const { kernelSize, strides, padding } = this.options;
    return {
      ...super.getConfig(),
      kernelSize,
      strides,
      padding: typeof padding === 'number' ? padding : [...padding],
    };
  }
}
