import { type LayersModel, layers, sequential } from '@tensorflow/tfjs-layers';
import type { ImageArrayLike, ImageDataset, LabeledImagesLike } from '../../data/index.js';
import { isInputError } from '../../errors/is-error.js';
import { toHost } from '../../evaluation/embed-on-host.js';
import {
  type EncoderSource,
  type FitReadoutOptions,
  fitReadout,
  type Readout,
  type ReadoutEmbedOptions,
} from '../../features/index.js';
import type { EvaluationPictures, PartEmbeddings } from './run-evaluation.js';

/** Sides of the averaged pixels: whitened, they are worth most for nearest neighbors at about this size. */
const whitenedSize = 16;

/** Pixels, averaged, as an encoder: its read-out is whitened pixels. */
export function pixelEncoder([, height, width, channels]: readonly number[]): LayersModel {
  const poolSize = [height!, width!].map((side) => Math.ceil(side / whitenedSize)) as [number, number];
  const inputShape = [height!, width!, channels!];
  return sequential({
    layers: [
      layers.averagePooling2d({ inputShape, poolSize, padding: 'same', name: 'pixels' }),
      layers.flatten({ name: 'flat' }),
    ],
  });
}

/** Pixels averaged to about 16x16 and whitened on some pictures: the strongest cheap baseline. */
export async function pixelReadout(
  images: ImageArrayLike,
  options: Pick<FitReadoutOptions, 'batchSize'> = {},
): Promise<Readout> {
  const encoder = pixelEncoder(images.shape);
  const stages = [{ layer: 'flat', grid: 1 }];
  try {
    return await fitReadout({ encoder }, images as ImageDataset, { ...options, stages });
  } finally {
    encoder.dispose();
  }
}

/** Pixels, whitened on the references without their labels. */
export async function whitenedPixels(
  pictures: EvaluationPictures,
  batchSize: number,
): Promise<PartEmbeddings> {
  return embedded(await pixelReadout(pictures.references.images, { batchSize }), pictures, { batchSize });
}

/** Options of {@link readoutEmbeddings}. */
interface ReadoutEmbeddingsOptions extends Omit<ReadoutEmbedOptions, 'onProgress'> {
  /** Called with the pictures that went through the network, and their total. */
  onProgress?: (done: number, total: number) => void;
}

/**
 * What an encoder gives at its read-out: its first two stages on a 3x3 grid, whitened on the references without their labels.
 * `null` where it cannot be read so: an encoder without maps, with more than 4096 values there, or with equal ones for all
 * pictures.
 */
export async function readoutEmbeddings(
  source: EncoderSource,
  pictures: EvaluationPictures,
  { onProgress, ...options }: ReadoutEmbeddingsOptions,
): Promise<PartEmbeddings | null> {
  const { references, test } = pictures;
  const known = references.images.shape[0]!;
  // References are embedded twice: to fit, and at the read-out.
  const total = 2 * known + test.images.shape[0]!;
  const after = (passed: number) => ({
    ...options,
    ...(onProgress && { onProgress: (done: number) => onProgress(passed + done, total) }),
  });
  try {
    const readout = await fitReadout(source, references.images as ImageDataset, after(0));
    return await embedded(readout, pictures, after(known), after(2 * known));
  } catch (error) {
    if (isInputError(error)) return null;
    throw error;
  }
}

/** Both parts at a read-out, which is disposed of. */
async function embedded(
  readout: Readout,
  { references, test }: EvaluationPictures,
  options: ReadoutEmbedOptions,
  testOptions = options,
): Promise<PartEmbeddings> {
  const embed = async ({ images }: LabeledImagesLike, how: ReadoutEmbedOptions) =>
    toHost(await readout.embed(images as ImageDataset, how));
  try {
    return { references: await embed(references, options), test: await embed(test, testOptions) };
  } finally {
    readout.dispose();
  }
}
