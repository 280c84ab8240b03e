import { relative } from 'node:path';
import type { ImageArray, LabeledImages } from 'simclr-ts';
import { cache } from 'simclr-ts/data';
import { imageFolder, type SkippedImage } from 'simclr-ts/node';
import { spreadRows } from '../../../../data/spread-rows.js';
import { CommandError, exitCodes } from '../../../exit-codes.js';
import { type ClassFolders, listClasses, relabel } from '../../class-folders.js';
import { decodeAtOnce, decodeInChunks } from '../../pictures.js';
import type { TrainingSettings } from '../saved-settings.js';
import {
  inputSize,
  type MeasuringPictures,
  type MeasuringSizes,
  sampleSize,
  type TrainingPictures,
  type TrainingSource,
  whileTraining,
} from './training-pictures.js';
import { wholeMicroBatches } from './whole-micro-batches.js';

/** Options of {@link folderSource}. */
interface FolderOptions extends MeasuringSizes {
  cacheMb: number;
  /** Folder of test pictures. */
  test?: string;
  /** Folder of pictures to measure while training. */
  val?: string;
}

const chunkSize = 64;

/** Lists a folder. No picture is read yet. */
export async function folderSource(
  dir: string,
  settings: TrainingSettings,
  options: FolderOptions,
): Promise<TrainingSource> {
  const { limit } = settings;
  const size = inputSize(settings);
  const folder = await imageFolder(dir, {
    size,
    ...(limit !== null && { limit }),
    cache: cache({ maxBytes: options.cacheMb * 2 ** 20 }),
  });
  const { test, val } = options;
  const known = test === undefined && val === undefined ? undefined : await listClasses(dir);
  const labeled = known && test !== undefined && (await labeledPictures(known, test, size, options));
  const validation = known && val !== undefined && (await labeledPictures(known, val, size, whileTraining));

  const open = async ({ microBatchSize }: TrainingSettings): Promise<TrainingPictures> => {
    const { paths } = folder;
    const chosen = spreadRows(paths.length, sampleSize).map((row) => paths[row]!);
    const { images, skipped } = await decodeAtOnce(chosen, size);
    if (images.shape[0] < 2) {
      const first = skipped.length > 0 ? ` The first damaged one: ${skipped[0]!.reason}` : '';
      throw new CommandError(
        `${JSON.stringify(dir)} must hold at least 2 whole pictures. Received: ${images.shape[0]} of ${chosen.length} files.${first}`,
        exitCodes.files,
      );
    }
    // An epoch leaves out pictures that fill no batch. A damaged file among these is known from the sample only.
    const known = (): SkippedImage[] => {
      const byPath = new Map([...skipped, ...folder.skipped].map((each) => [each.path, each]));
      return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
    };
    return {
      dataset: microBatchSize === null ? folder : wholeMicroBatches(folder, microBatchSize),
      get whole() {
        return folder.size - known().length;
      },
      get skipped() {
        return known();
      },
      sample: async () => images,
      spread: (count) =>
        decoded(
          spreadRows(paths.length, count).map((row) => paths[row]!),
          size,
        ),
      ...(labeled && { labeled }),
      ...(validation && { validation }),
      close: () => folder.close(),
    };
  };
  return { count: folder.size, open };
}

/** Pictures of files, batch by batch; damaged ones are left out. */
async function* decoded(
  paths: readonly string[],
  size: readonly [height: number, width: number],
): AsyncGenerator<ImageArray, void, undefined> {
  for await (const { images } of decodeInChunks(paths, size, chunkSize)) {
    if (images.shape[0] > 0) yield images;
  }
}

/** Pictures in class folders and in those of `test`. They are listed at once and decoded when they are needed. */
async function labeledPictures(
  known: ClassFolders,
  test: string,
  size: readonly [height: number, width: number],
  { references, testImages }: MeasuringSizes,
): Promise<() => Promise<MeasuringPictures>> {
  const { classNames } = known;
  const asked = relabel(await listClasses(test), classNames, test);
  const decode = async (
    { paths, labels }: ClassFolders,
    count: number,
  ): Promise<LabeledImages & { names: string[] }> => {
    const rows = spreadRows(paths.length, count);
    const { images, indices } = await decodeAtOnce(
      rows.map((row) => paths[row]!),
      size,
    );
    const kept = indices.map((index) => rows[index]!);
    return {
      images,
      labels: Int32Array.from(kept, (row) => labels[row]!),
      classNames,
      names: kept.map((row) => relative(test, paths[row]!)),
    };
  };
  return async () => {
    const { names: _, ...learned } = await decode(known, references);
    const { names, ...tested } = await decode(asked, testImages);
    return { references: learned, test: tested, names };
  };
}
