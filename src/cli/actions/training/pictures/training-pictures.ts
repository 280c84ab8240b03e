import type { ImageArray, ImageDataset } from 'simclr-ts';
import type { SkippedImage } from 'simclr-ts/node';
import type { EvaluationPictures } from 'simclr-ts/report';
import type { TrainingSettings } from '../saved-settings.js';

/** Labeled pictures to measure an encoder with. */
export interface MeasuringPictures extends EvaluationPictures {
  /** A name of each test picture, for a comparison with other runs. */
  names: readonly string[];
}

/** The pictures of a run. */
export interface TrainingPictures {
  dataset: ImageDataset;
  /** Many of them at the size of the encoder, where the data set has another. Resizing needs a backend. */
  resized?: ImageDataset;
  /** Those that were not found to be damaged so far. */
  readonly whole: number;
  /** Files that were found to be damaged so far. */
  readonly skipped: readonly SkippedImage[];
  /** At most 256 of them, at the size of the encoder. Resizing needs a backend. */
  sample(): Promise<ImageArray>;
  /**
   * At most so many of them, spread over all, at the size of the encoder: read as they are needed. Resizing needs a
   * backend.
   */
  spread(count: number): ImageDataset;
  /** Labeled pictures, if there are any, at the size of the encoder. Resizing needs a backend. */
  labeled?(): Promise<MeasuringPictures>;
  /** Labeled pictures to measure while training, if a folder of them was given. */
  validation?(): Promise<EvaluationPictures>;
  close(): Promise<void>;
}

/** Where the pictures of a run come from. */
export interface TrainingSource {
  /** Number of pictures. */
  readonly count: number;
  /** Makes them ready for training. */
  open(settings: TrainingSettings): Promise<TrainingPictures>;
}

/** Largest number of labeled pictures to measure with. */
export interface MeasuringSizes {
  references: number;
  testImages: number;
}

/** Most pictures to measure on while training: enough to see a point, few enough to take seconds. */
export const whileTraining: MeasuringSizes = { references: 2000, testImages: 1000 };

/** Number of pictures on which the rank of the representations is measured. */
export const sampleSize = 256;

/** Height and width of the encoder's input. */
export function inputSize({ recipe }: TrainingSettings): readonly [height: number, width: number] {
  const [height, width] = recipe.encoder.inputShape;
  return [height, width];
}
