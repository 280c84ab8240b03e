import { type LayersModel, layers, sequential } from '@tensorflow/tfjs-layers';
import type { ImageDataset, LabeledImagesLike } from '../../data/index.js';
import { isInputError } from '../../errors/is-error.js';
import { embedOnHost } from '../../evaluation/embed-on-host.js';
import { type EncoderSource, type FitReadoutOptions, fitReadout } from '../../features/index.js';
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

/** Pixels averaged to about 16x16 and whitened on the references, without their labels: the strongest cheap baseline. */
export async function whitenedPixels(
  pictures: EvaluationPictures,
  batchSize: number,
): Promise<PartEmbeddings> {
  const encoder = pixelEncoder(pictures.references.images.shape);
  try {
    return await embedded({ encoder }, pictures, { batchSize, stages: [{ layer: 'flat', grid: 1 }] });
  } finally {
    encoder.dispose();
  }
}

/**
 * What an encoder gives at its read-out: its first two stages on a 3x3 grid, whitened on the references without their labels.
 * `null` where it cannot be read so: an encoder without maps, with more than 4096 values there, or with equal ones for all
 * pictures.
 */
export async function readoutEmbeddings(
  source: EncoderSource,
  pictures: EvaluationPictures,
  batchSize: number,
): Promise<PartEmbeddings | null> {
  try {
    return await embedded(source, pictures, { batchSize });
  } catch (error) {
    if (isInputError(error)) return null;
    throw error;
  }
}

async function embedded(
  source: EncoderSource,
  { references, test }: EvaluationPictures,
  options: FitReadoutOptions & { batchSize: number },
): Promise<PartEmbeddings> {
  const readout = await fitReadout(source, references.images as ImageDataset, options);
  const { batchSize } = options;
  const embed = ({ images }: LabeledImagesLike) =>
    embedOnHost(readout, images as ImageDataset, { batchSize });
  try {
    return { references: await embed(references), test: await embed(test) };
  } finally {
    readout.dispose();
  }
}
