import { type LayersModel, layers, sequential } from '@tensorflow/tfjs-layers';
import type { ImageArrayLike, ImageDataset } from '../../data/index.js';
import { isError } from '../../errors/is-error.js';
import type { EmbeddingArray } from '../../evaluation/embedding-evaluation.js';
import { type EncoderSource, fitReadout } from '../../features/index.js';
import type { EmbedOptions } from '../../training/index.js';
import type { EvaluationPictures, PartEmbeddings } from './run-evaluation.js';

/** Sides of the averaged pixels: whitened, they are worth most for nearest neighbors at about this size. */
const whitenedSize = 16;

/** Pixels, averaged, as an encoder. */
function pixelEncoder([, height, width, channels]: readonly number[]): LayersModel {
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
  options: EmbedOptions,
): Promise<PartEmbeddings> {
  const encoder = pixelEncoder(pictures.references.images.shape);
  try {
    const stages = [{ layer: 'flat', grid: 1 }] as const;
    return await embedded({ encoder }, pictures, { ...options, stages });
  } finally {
    encoder.dispose();
  }
}

const cannotBeRead = ['InvalidOptionError', 'ShapeError', 'ValueRangeError'] as const;

/**
 * What an encoder gives at its read-out: its first stage on a 4x4 grid, whitened on the references without their labels.
 * `null` where it cannot be read so: an encoder without maps, with more than 4096 values there, or with equal ones for all
 * pictures.
 */
export async function readoutEmbeddings(
  source: EncoderSource,
  pictures: EvaluationPictures,
  options: EmbedOptions,
): Promise<PartEmbeddings | null> {
  try {
    return await embedded(source, pictures, options);
  } catch (error) {
    if (cannotBeRead.some((name) => isError(error, name))) return null;
    throw error;
  }
}

async function embedded(
  source: EncoderSource,
  { references, test }: EvaluationPictures,
  { batchSize, ...fit }: EmbedOptions & Parameters<typeof fitReadout>[2],
): Promise<PartEmbeddings> {
  const passes = batchSize === undefined ? {} : { batchSize };
  const readout = await fitReadout(source, references.images as ImageDataset, { ...fit, ...passes });
  const embed = async (images: ImageArrayLike): Promise<EmbeddingArray> => {
    const vectors = await readout.embed(images as ImageDataset, passes);
    try {
      return { data: Float32Array.from(await vectors.data()), shape: vectors.shape };
    } finally {
      vectors.dispose();
    }
  };
  try {
    return { references: await embed(references.images), test: await embed(test.images) };
  } finally {
    readout.dispose();
  }
}
