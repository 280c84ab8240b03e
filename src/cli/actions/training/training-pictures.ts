import type { ImageDataset } from 'simclr-ts';
import { cache } from 'simclr-ts/data';
import { type ImageFolderDataset, imageFolder, type SkippedImage } from 'simclr-ts/node';
import { CommandError, exitCodes } from '../../exit-codes.js';
import { type DecodedChunk, decodeAtOnce } from '../pictures.js';
import type { TrainingSettings } from './saved-settings.js';
import { wholeMicroBatches } from './whole-micro-batches.js';

/** The pictures of a run. */
export interface TrainingPictures {
  dataset: ImageDataset;
  /** Their files. */
  count: number;
  /** Those that were not found to be damaged so far. */
  readonly whole: number;
  /** Files that were found to be no pictures so far. */
  readonly skipped: readonly SkippedImage[];
  /** Some of them, to measure the rank on. */
  sample: DecodedChunk['images'];
  close(): Promise<void>;
}

const sampleSize = 256;

function listOptions({ recipe, limit }: TrainingSettings) {
  const [height, width] = recipe.encoder.inputShape;
  return { size: [height, width] as const, ...(limit !== null && { limit }) };
}

/** Lists a folder; no picture is read yet. */
export function openFolder(
  dir: string,
  settings: TrainingSettings,
  cacheBytes: number,
): Promise<ImageFolderDataset> {
  return imageFolder(dir, { ...listOptions(settings), cache: cache({ maxBytes: cacheBytes }) });
}

/**
 * Makes the pictures of a folder ready for training.
 *
 * @throws {@link CommandError} when it has fewer than two whole pictures.
 */
export async function openPictures(
  dir: string,
  folder: ImageFolderDataset,
  settings: TrainingSettings,
): Promise<TrainingPictures> {
  const { size } = listOptions(settings);
  const { paths } = folder;
  const step = Math.max(1, paths.length / sampleSize);
  const chosen = Array.from(
    { length: Math.min(sampleSize, paths.length) },
    (_, i) => paths[Math.floor(i * step)]!,
  );
  const { images, skipped } = await decodeAtOnce(chosen, size);
  if (images.shape[0] < 2) {
    const first = skipped.length > 0 ? ` The first that is none: ${skipped[0]!.reason}` : '';
    throw new CommandError(
      `${JSON.stringify(dir)} must hold at least 2 whole pictures. Received: ${images.shape[0]} of ${chosen.length} files.${first}`,
      exitCodes.files,
    );
  }
  const { microBatchSize } = settings;
  // An epoch leaves out what fills no batch: a damaged file there is known from the sample only.
  const known = (): SkippedImage[] => {
    const byPath = new Map([...skipped, ...folder.skipped].map((each) => [each.path, each]));
    return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  };
  return {
    dataset: microBatchSize === null ? folder : wholeMicroBatches(folder, microBatchSize),
    count: folder.size,
    get whole() {
      return folder.size - known().length;
    },
    get skipped() {
      return known();
    },
    sample: images,
    close: () => folder.close(),
  };
}
