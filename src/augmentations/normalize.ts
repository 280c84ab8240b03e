import {
  add,
  div,
  mul,
  reshape,
  sub,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
  tensor1d,
  tidy,
} from '@tensorflow/tfjs-core';
import { checkKeys } from '../errors/check-keys.js';
import { receivedMessage } from '../errors/checks.js';
import { InvalidOptionError, ShapeError } from '../errors/index.js';
import { checkImages } from './image-checks.js';
import type { DescribedTransform } from './transform.js';

/** Mean of each channel over ImageNet's training pictures, in [0, 1], as torchvision's models expect it. */
export const imagenetMean: readonly number[] = [0.485, 0.456, 0.406];

/** Standard deviation of each channel over ImageNet's training pictures, as torchvision's models expect it. */
export const imagenetStd: readonly number[] = [0.229, 0.224, 0.225];

/** Mean of each channel over CIFAR-10's training pictures, in [0, 1]. */
export const cifar10Mean: readonly number[] = [0.4914, 0.4822, 0.4465];

/** Standard deviation of each channel over the pixels of CIFAR-10's training pictures. */
export const cifar10Std: readonly number[] = [0.247, 0.2435, 0.2616];

/** Options of {@link normalize} and {@link denormalize}. */
export interface NormalizeOptions {
  /** Mean of each channel. */
  mean: readonly number[];
  /** Standard deviation of each channel, > 0. */
  std: readonly number[];
}

function perChannel(
  name: string,
  options: NormalizeOptions,
  change: (rows: Tensor2D, mean: Tensor1D, std: Tensor1D) => Tensor2D,
): DescribedTransform<null> {
  checkKeys(name, options, { mean: 1, std: 1 });
  const { mean, std } = options;
  const isList = (values: readonly number[]) => Array.isArray(values) && values.every(Number.isFinite);
  if (!isList(mean) || mean.length === 0) {
    throw new InvalidOptionError(
      receivedMessage(name, 'mean must be an array of finite numbers, one per channel', 'mean', mean),
    );
  }
  if (!isList(std) || std.length !== mean.length || !std.every((value) => value > 0)) {
    throw new InvalidOptionError(
      receivedMessage(name, `std must be an array of ${mean.length} numbers > 0`, 'std', std),
    );
  }
  return {
    name,
    config: { name, options: { mean: [...mean], std: [...std] } },
    sample: () => null,
    apply(images) {
      checkImages(name, images);
      if (images.shape[3] !== mean.length) {
        throw new ShapeError(
          `${name}: images must have ${mean.length} channels, as mean has. Received: images=[${images.shape}].`,
        );
      }
      return tidy(() => {
        // Rows of pixels rather than pixels: broadcasting along an axis of 3 is slow on every processor backend.
        const [batchSize, height, width, channels] = images.shape;
        const rows = reshape(images, [batchSize * height, width * channels]) as Tensor2D;
        const repeat = (values: readonly number[]) =>
          tensor1d(Float32Array.from({ length: width * channels }, (_, i) => values[i % channels]!));
        return reshape(change(rows, repeat(mean), repeat(std)), images.shape);
      });
    },
  };
}

/**
 * Shifts and scales every channel: `(x - mean) / std`. Apply it last, because the other transforms expect [0, 1].
 *
 * @param options - {@link NormalizeOptions}.
 * @throws {@link InvalidOptionError} when the lists differ in length or a deviation is not > 0.
 * @example
 * const ready = normalize({ mean: imagenetMean, std: imagenetStd }).apply(images, null);
 */
export function normalize(options: NormalizeOptions): DescribedTransform<null> {
  return perChannel('normalize', options, (rows, mean, std) => div(sub<Tensor2D>(rows, mean), std));
}

/**
 * Undoes {@link normalize}: `x * std + mean`, to show pictures.
 *
 * @param options - {@link NormalizeOptions}, the same as for {@link normalize}.
 * @throws {@link InvalidOptionError} when the lists differ in length or a deviation is not > 0.
 */
export function denormalize(options: NormalizeOptions): DescribedTransform<null> {
  return perChannel('denormalize', options, (rows, mean, std) => add(mul<Tensor2D>(rows, std), mean));
}

/** What makes of pictures in [0, 1] what a network takes instead; `undefined` where it takes them as they are. */
export function normalizer(
  normalization: NormalizeOptions | null,
): ((images: Tensor4D) => Tensor4D) | undefined {
  if (!normalization) return undefined;
  const transform = normalize(normalization);
  return (images) => transform.apply(images, null);
}

/** The colors of normalized views as people see them, in [0, 1] and in host memory. The views are not disposed. */
export async function colorsOf(
  views: Tensor4D,
  normalization: NormalizeOptions | null,
): Promise<{ data: Float32Array; shape: [number, number, number, number] }> {
  const { mean, std } = normalization ?? { mean: [0], std: [1] };
  const channels = views.shape[3];
  const data = Float32Array.from(await views.data(), (value, i) => {
    const channel = i % channels;
    const color = value * (std[channel] ?? std[0]!) + (mean[channel] ?? mean[0]!);
    return Math.min(1, Math.max(0, color));
  });
  return { data, shape: views.shape };
}
