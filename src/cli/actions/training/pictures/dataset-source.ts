import { stat } from 'node:fs/promises';
import { type ImageArray, type LabeledImages, selectImages } from 'simclr-ts';
import { type DatasetContents, loadCIFAR10, readDatasetFolder } from 'simclr-ts/node';
import { imageRange } from '../../../../data/image-rows.js';
import { spreadRows } from '../../../../data/spread-rows.js';
import type { Context } from '../../../context.js';
import { CommandError, exitCodes } from '../../../exit-codes.js';
import type { TrainingSettings } from '../saved-settings.js';
import { resizedImages } from './resized-images.js';
import { inputSize, type MeasuringSizes, sampleSize, type TrainingSource } from './training-pictures.js';

/**
 * The data set that `name` stands for: CIFAR-10 by its name, others by the folder of their files.
 *
 * @returns `undefined` for a folder of pictures.
 * @throws {@link CommandError} when there is no such folder and no such data set.
 */
export async function findDataset(
  name: string,
  limit: number | undefined,
  context: Context,
): Promise<DatasetContents | undefined> {
  const isFolder = await stat(name).then(
    (there) => there.isDirectory(),
    () => false,
  );
  if (isFolder) return readDatasetFolder(name, limit === undefined ? {} : { limit });
  if (name === 'cifar10') {
    const { train, test } = await loadCIFAR10({ log: context.note });
    const { images } = limit === undefined ? train : firstOf(train, limit);
    return { name: 'CIFAR-10', images, references: train, test };
  }
  if (['stl10', 'cifar100', 'mnist'].includes(name)) {
    throw new CommandError(
      `${name} is read from its files: give the folder that holds them. Only cifar10 can be downloaded.`,
      exitCodes.files,
    );
  }
  return undefined;
}

/** The first pictures, without a copy. */
function firstOf({ images, labels, ...rest }: LabeledImages, most: number): LabeledImages {
  const count = Math.min(most, labels.length);
  return { images: imageRange(images, 0, count), labels: labels.subarray(0, count), ...rest };
}

/** A data set in memory as pictures to train on. */
export function datasetSource(contents: DatasetContents, sizes: MeasuringSizes): TrainingSource {
  const { images, references, test } = contents;
  const [count] = images.shape;
  return {
    count,
    async open(settings: TrainingSettings) {
      const size = inputSize(settings);
      const resizedPart = async (part: LabeledImages, most: number): Promise<LabeledImages> => {
        const first = firstOf(part, most);
        return { ...first, images: await resizedImages(first.images, size) };
      };
      const [, height, width] = images.shape;
      const isResized = height !== size[0] || width !== size[1];
      return {
        dataset: images,
        ...(isResized && { resized: () => resizedInChunks(images, spreadRows(count, mostResized), size) }),
        whole: count,
        skipped: [],
        sample: () => resizedImages(rowsOf(images, spreadRows(count, sampleSize)), size),
        spread: (most) => resizedInChunks(images, spreadRows(count, most), size),
        ...(references &&
          test && {
            async labeled() {
              const known = await resizedPart(references, sizes.references);
              const asked = await resizedPart(test, sizes.testImages);
              const names = Array.from(asked.labels, (_, row) => `test/${row}`);
              return { references: known, test: asked, names };
            },
          }),
        close: async () => {},
      };
    },
  };
}

const chunkSize = 250;

/** As many as an encoder needs to begin from. */
const mostResized = 10_000;

async function* resizedInChunks(
  images: ImageArray,
  rows: readonly number[],
  size: readonly [height: number, width: number],
): AsyncGenerator<ImageArray, void, undefined> {
  for (let first = 0; first < rows.length; first += chunkSize) {
    yield await resizedImages(rowsOf(images, rows.slice(first, first + chunkSize)), size);
  }
}

function rowsOf(images: ImageArray, rows: readonly number[]): ImageArray {
  return selectImages({ images, labels: new Uint8Array(images.shape[0]) }, rows).images;
}
