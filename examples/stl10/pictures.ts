import { existsSync } from 'node:fs';
import {
  augment,
  type ImageArray,
  type ImageBatchSource,
  type ImageDataset,
  imageBatches,
  type LabeledImages,
  randomGenerator,
  resize,
  selectImages,
  type Transform,
} from 'simclr-ts';
import { readSTL10 } from 'simclr-ts/node';
import { loadCIFAR10 } from '../cifar10/dataset.js';

/** Height and width of STL-10's pictures, in pixels. */
export const side = 96;

/** Where STL-10's binary files are, as far as there are any. */
export interface STL10Files {
  /** `unlabeled_X.bin`, or another file of pictures to train on. */
  images?: string;
  /** `train_X.bin` and `train_y.bin`: what the kNN classifier compares with. */
  trainImages?: string;
  trainLabels?: string;
  /** `test_X.bin` and `test_y.bin`: what it is asked for. */
  testImages?: string;
  testLabels?: string;
}

/** Everything that the example trains on and measures with. */
export interface Pictures {
  /** What they are, for people. */
  description: string;
  /** Batches of 96x96 pictures for `fit`. */
  training: ImageDataset;
  /** Labeled pictures, where there are any; 96x96 or to be enlarged by {@link enlargedBatches}. */
  evaluation: { train: LabeledImages; test: LabeledImages } | undefined;
}

/** Limits, in pictures. */
export interface Limits {
  /** Of the pictures to train on. */
  training: number;
  /** Of each labeled part. */
  evaluation: number;
}

/** STL-10 from its files where `files.images` says where they are, CIFAR-10 enlarged to 96x96 otherwise. */
export async function loadPictures(
  files: STL10Files,
  limits: Limits,
  log: (text: string) => void,
): Promise<Pictures> {
  const { images, trainImages, trainLabels, testImages, testLabels } = files;
  if (images === undefined) return cifar10Pictures(limits, log);
  const { images: training } = await readSTL10(images, undefined, { limit: limits.training });
  const [count] = training.shape;
  const description = `STL-10: ${count} pictures of ${images}`;
  if (!trainImages || !trainLabels || !testImages || !testLabels) {
    return { description, training, evaluation: undefined };
  }
  const limit = { limit: limits.evaluation };
  const train = await readSTL10(trainImages, trainLabels, limit);
  const test = await readSTL10(testImages, testLabels, limit);
  return { description, training, evaluation: { train, test } };
}

async function cifar10Pictures(limits: Limits, log: (text: string) => void): Promise<Pictures> {
  log('No --images given: CIFAR-10 takes the place of STL-10, its 32x32 pictures enlarged to 96x96.');
  const { train, test } = await loadCIFAR10(log);
  const first = (part: LabeledImages, count: number) =>
    selectImages(
      part,
      Array.from({ length: Math.min(count, part.labels.length) }, (_, i) => i),
    );
  const training = limits.training < train.labels.length ? first(train, limits.training) : train;
  return {
    description: `CIFAR-10: ${training.labels.length} pictures, enlarged`,
    training: enlarged(training.images),
    evaluation: { train: first(train, limits.evaluation), test: first(test, limits.evaluation) },
  };
}

const enlarge: Transform<null> = resize({ size: side, interpolation: 'bilinear' });

/** Pictures of any size as a data set of 96x96 ones: each batch is enlarged when its turn comes. */
function enlarged(images: ImageArray): ImageBatchSource {
  const batches: ImageBatchSource = (pass) => enlargedBatches(images, pass);
  // The number of pictures gives `fit` its number of steps; `imageBatches` begins where a resumed run stopped.
  return Object.assign(batches, { size: images.shape[0], seekable: true });
}

/** Batches of 96x96 pictures, whatever the size of `images`. The consumer disposes of them. */
export async function* enlargedBatches(images: ImageArray, options: Parameters<typeof imageBatches>[1]) {
  for await (const batch of imageBatches(images, options)) {
    try {
      yield { ...batch, images: augment(enlarge, batch.images, randomGenerator(0)) };
    } finally {
      batch.images.dispose();
    }
  }
}

/** What is wrong with the paths that were given; said before anything long begins. */
export function problemWith(files: STL10Files): string | undefined {
  const { images, trainImages, trainLabels, testImages, testLabels } = files;
  const labelled = [trainImages, trainLabels, testImages, testLabels];
  const given = labelled.filter((path) => path !== undefined);
  if (given.length > 0 && (given.length < labelled.length || images === undefined)) {
    return 'kNN needs --images, --train-images, --train-labels, --test-images and --test-labels.';
  }
  const missing = [images, ...given].find((path) => path !== undefined && !existsSync(path));
  return missing && `There is no file ${missing}.`;
}
