import type { Tensor4D } from '@tensorflow/tfjs-core';
import { inferenceBatches } from '../../data/batches/inference-batches.js';
import { labelsOfBatch } from '../../data/batches/labels-of-batch.js';
import { checkImageDataset } from '../../data/check-image-dataset.js';
import { isInMemory } from '../../data/image-dataset.js';
import { takeImages } from '../../data/image-rows.js';
import { datasetSize, type ImageArray, type ImageDataset, type TensorBatch } from '../../data/index.js';
import { DataError } from '../../errors/errors.js';
import { checkLabels, type Labels } from './labels.js';

/** Pictures with their classes: the result of a data set's reader, or any data set that `fit` takes. */
export interface LabeledPictures {
  /**
   * float32 `[N, H, W, C]` in [0, 1] or bytes: a tensor, `{ data, shape }`, batches from an iterable, or a function that
   * starts a pass, such as an image folder. A tensor is not disposed.
   */
  images: ImageDataset;
  /**
   * Class numbers from 0, each at its picture's number in the data set.
   * @defaultValue the labels that the batches carry
   */
  labels?: Labels;
  /**
   * Number of classes.
   * @defaultValue the largest label + 1
   */
  classes?: number;
}

/** The numbers of pictures, in the order of an unshuffled pass, and their classes. */
export interface PictureLabels {
  numbers: ArrayLike<number>;
  labels: Labels;
}

/** The number of labels a data set needs, if known without reading it. */
export function labelCount(images: ImageDataset): number | undefined {
  // The batches of an array may number their pictures as they like.
  return Array.isArray(images) ? undefined : datasetSize(images);
}

/**
 * The labels of all pictures. If none are given, the batches are read once for theirs.
 *
 * @param argument - What the pictures are called in messages: '' or, for example, 'training.'.
 * @throws {@link InvalidOptionError} when there are none; and what {@link checkLabels} throws.
 */
export async function readLabels(
  caller: string,
  argument: string,
  { images, labels, classes }: LabeledPictures,
): Promise<PictureLabels> {
  checkImageDataset(caller, `${argument}images`, images);
  if (labels !== undefined || isInMemory(images)) {
    checkLabels(caller, `${argument}labels`, labels as Labels, labelCount(images), classes);
    return { numbers: Uint32Array.from(labels as Labels, (_, number) => number), labels: labels as Labels };
  }
  const numbers: number[] = [];
  const carried: number[] = [];
  for await (const batch of inferenceBatches(caller, images, { batchSize: 64 })) {
    batch.images.dispose();
    numbers.push(...batch.indices);
    carried.push(...labelsOfBatch(caller, `${argument}labels`, batch, undefined));
  }
  checkLabels(caller, `${argument}labels`, carried, undefined, classes);
  return { numbers, labels: carried };
}

/** Which pictures some rows are of, and the classes that their batches carried. */
export type LabeledRows = Pick<TensorBatch, 'indices' | 'labels' | 'indicesArePlaces'>;

/** Joins the indices and labels of the batches of a pass. */
export class RowLabels {
  private readonly numbers: number[] = [];
  private labels: number[] | undefined = [];
  private arePlaces = false;

  get count(): number {
    return this.numbers.length;
  }

  add({ indices, labels, indicesArePlaces = false }: LabeledRows): void {
    this.numbers.push(...indices);
    if (labels) this.labels?.push(...labels);
    else this.labels = undefined;
    this.arePlaces ||= indicesArePlaces;
  }

  join(): LabeledRows {
    const { numbers, labels, arePlaces } = this;
    return {
      indices: Uint32Array.from(numbers),
      ...(labels && { labels: Int32Array.from(labels) }),
      indicesArePlaces: arePlaces,
    };
  }
}

/**
 * Checks the labels that are given, before anything is computed; those that batches carry are not known then.
 *
 * @param classes - Number of classes that there are.
 */
export function checkGivenLabels(
  caller: string,
  argument: string,
  { images, labels }: LabeledPictures,
  classes: number,
): void {
  checkImageDataset(caller, `${argument}images`, images);
  if (labels === undefined && !isInMemory(images)) return;
  checkLabels(caller, `${argument}labels`, labels as Labels, labelCount(images), classes);
}

/** The label of each row: as given, or as the batches carried it. */
export function labelsOfRows(
  caller: string,
  argument: string,
  rows: LabeledRows,
  labels: Labels | undefined,
  classes: number,
): Int32Array {
  const own = labelsOfBatch(caller, argument, rows, labels);
  checkLabels(caller, argument, own, rows.indices.length, classes);
  return own;
}

/**
 * Pictures of a data set by their numbers, in host memory and in the order of the numbers.
 *
 * @throws {@link DataError} when the data set does not give one of them.
 */
export async function collectPictures(
  caller: string,
  images: ImageDataset,
  numbers: Uint32Array,
): Promise<ImageArray> {
  const places = new Map(Array.from(numbers, (number, place) => [number, place]));
  let data: Float32Array | undefined;
  let pictureShape: number[] = [];
  const put = async (batch: Tensor4D, indices: ArrayLike<number>) => {
    const values = await batch.data<'float32'>();
    const size = values.length / indices.length;
    pictureShape = batch.shape.slice(1);
    data ??= new Float32Array(size * numbers.length);
    for (let row = 0; row < indices.length; row++) {
      const place = places.get(indices[row]!);
      if (place === undefined) continue;
      data.set(values.subarray(row * size, (row + 1) * size), place * size);
      places.delete(indices[row]!);
    }
  };
  if (isInMemory(images)) {
    const rows = takeImages(caller, images as Tensor4D | ImageArray, numbers);
    await put(rows, numbers).finally(() => rows.dispose());
  } else {
    for await (const batch of inferenceBatches(caller, images, { batchSize: 64 })) {
      await put(batch.images, batch.indices).finally(() => batch.images.dispose());
      if (places.size === 0) break;
    }
  }
  if (places.size > 0) {
    throw new DataError(
      `${caller}: images must have every picture that labels name; leave labels out to take those of the batches. Received: no picture number ${[...places.keys()][0]}.`,
    );
  }
  const [height, width, channels] = pictureShape as [number, number, number];
  return { data: data!, shape: [numbers.length, height, width, channels] };
}
