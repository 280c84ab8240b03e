import { join } from 'node:path';
import type { ImageDataset, LabeledImagesLike } from '../../data/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger } from '../../errors/checks.js';
import { embedOnHost } from '../../evaluation/embed-on-host.js';
import { runFiles } from '../../node/checkpoints/run-directory.js';
import { type FilePath, toFileName } from '../../node/files/file-path.js';
import { type CountsBefore, countsBefore } from '../../training/callbacks/counts-before.js';
import type { Callback, Trainer } from '../../training/index.js';
import { writeText } from '../page/write-text.js';
import type { QualityPoint, RunQuality } from '../types.js';
import { measureWhileTraining } from './measure-while-training.js';
import type { EvaluationPictures, PartEmbeddings } from './run-evaluation.js';
import { readQuality } from './run-quality.js';
import { readoutEmbeddings, whitenedPixels } from './run-representations.js';
import { neighborResult } from './worth.js';

const caller = 'recordQuality';

/** Options of {@link recordQuality}. */
export interface RecordQualityOptions {
  /**
   * Measurements of a `fit` after the one at its start: evenly spread over the time or the steps that it has. Where
   * neither is known, each epoch ends with one. Integer >= 1.
   * @defaultValue `8`
   */
  measurements?: number;
  /** Neighbors that vote, an integer >= 1; at most as many as there are references. @defaultValue `20` */
  neighbors?: number;
  /** Images per pass through the network. @defaultValue `250` */
  batchSize?: number;
  /**
   * What an earlier trainer of the same run counted: its `progress`. Steps and minutes continue those that it recorded.
   * @defaultValue nothing: the run begins with this trainer
   */
  before?: CountsBefore;
  /** Called after each measurement, with everything that is recorded so far. */
  onMeasure?: (point: QualityPoint, quality: RunQuality) => void;
}

/** Pictures at the read-out, or as h where the encoder has none. */
async function represented(
  simclr: Trainer,
  pictures: EvaluationPictures,
  batchSize: number,
): Promise<PartEmbeddings & Pick<RunQuality, 'representation'>> {
  const readout = await readoutEmbeddings(simclr, pictures, { batchSize });
  if (readout) return { ...readout, representation: 'readout' };
  const embed = ({ images }: LabeledImagesLike) => embedOnHost(simclr, images as ImageDataset, { batchSize });
  return {
    references: await embed(pictures.references),
    test: await embed(pictures.test),
    representation: 'h',
  };
}

/**
 * Callback that measures nearest neighbors while training, and writes `quality.json` into a folder. It measures at the
 * encoder's read-out (its first two stages on a 3x3 grid, whitened on the references; see `fitReadout`), or on h where there
 * is none. Whitened pixels of the same pictures are measured once, as a baseline. The accuracy also goes into the epoch's
 * `metrics`, as `knn`.
 *
 * Measuring is not training: it does not count against the `minutes` of `fit`. It takes a few seconds for 3,000 pictures of
 * 32x32. A run that continues keeps what it had recorded on as many pictures.
 *
 * @param dir - The folder of the run, a name or a `file:` URL; it is created if it is missing.
 * @param pictures - Labeled pictures, in memory and of the encoder's size. A few thousand are enough.
 * @param options - See {@link RecordQualityOptions}.
 * @returns The callback. It throws `DataError` when the file cannot be written, or holds something else, and what
 *   `knnClassifier` throws on labels.
 * @throws `InvalidOptionError` when an option is outside its domain.
 * @example
 * await simclr.fit(images, { minutes: 8, callbacks: [recordQuality('runs/first', { references, test })] });
 */
export function recordQuality(
  dir: FilePath,
  pictures: EvaluationPictures,
  options: RecordQualityOptions = {},
): Callback {
  checkKeys(caller, options, { measurements: 1, neighbors: 1, batchSize: 1, before: 1, onMeasure: 1 });
  const { measurements = 8, neighbors = 20, batchSize = 250, onMeasure = () => {} } = options;
  checkInteger(caller, 'measurements', measurements);
  checkInteger(caller, 'neighbors', neighbors);
  checkInteger(caller, 'batchSize', batchSize);
  const before = countsBefore(caller, options.before);
  const path = join(toFileName(caller, 'dir', dir), runFiles.quality);
  const { references, test } = pictures;
  const labels = { references: references.labels, test: test.labels };
  const accuracyOf = async (embeddings: PartEmbeddings) =>
    (await neighborResult(embeddings, labels, { neighbors })).accuracy;

  let whitened: number | undefined;
  return measureWhileTraining<QualityPoint>({
    measurements,
    before,
    async recorded() {
      const found = await readQuality(caller, path);
      const isSame =
        found?.references === references.labels.length && found.testImages === test.labels.length;
      if (!isSame) return [];
      whitened = found.whitenedPixels;
      return found.points;
    },
    async measure({ simclr }, now, earlier) {
      const began = performance.now();
      const { representation, ...embeddings } = await represented(simclr, pictures, batchSize);
      const accuracy = await accuracyOf(embeddings);
      const point: QualityPoint = { ...now, accuracy, seconds: (performance.now() - began) / 1000 };
      whitened ??= await accuracyOf(await whitenedPixels(pictures, batchSize));
      const quality: RunQuality = {
        representation,
        references: references.labels.length,
        testImages: test.labels.length,
        whitenedPixels: whitened,
        points: [...earlier, point],
      };
      await writeText(caller, path, `${JSON.stringify(quality)}\n`);
      onMeasure(point, quality);
      return point;
    },
    report({ accuracy }, { metrics }) {
      metrics.knn = accuracy;
    },
  });
}
