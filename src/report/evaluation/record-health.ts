import { join } from 'node:path';
import { tidy } from '@tensorflow/tfjs-core';
import { colorsOf } from '../../augmentations/normalize.js';
import { sliceImages } from '../../data/image-rows.js';
import type { ImageArrayLike, ImageDataset } from '../../data/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger } from '../../errors/checks.js';
import { ShapeError } from '../../errors/errors.js';
import { embedOnHost } from '../../evaluation/embed-on-host.js';
import { alignment, type EmbeddingArray, embeddingHealth } from '../../evaluation/embedding-evaluation.js';
import { runFiles } from '../../node/checkpoints/run-directory.js';
import { type FilePath, toFileName } from '../../node/files/file-path.js';
import { type CountsBefore, countsBefore } from '../../training/callbacks/counts-before.js';
import type { Callback, Trainer } from '../../training/index.js';
import { writeText } from '../page/write-text.js';
import type { HealthPoint, RunHealth } from '../types.js';
import { measureWhileTraining } from './measure-while-training.js';
import { readHealth } from './run-health.js';

const caller = 'recordHealth';

/** Options of {@link recordHealth}. */
export interface RecordHealthOptions {
  /**
   * Measurements of a `fit` after the one at its start: evenly spread over the time or the steps that it has. Where
   * neither is known, each epoch ends with one. Integer >= 1.
   * @defaultValue `8`
   */
  measurements?: number;
  /** Images per pass through the network. @defaultValue `64` */
  batchSize?: number;
  /**
   * What an earlier trainer of the same run counted: its `progress`. Steps and minutes continue those that it recorded.
   * @defaultValue nothing: the run begins with this trainer
   */
  before?: CountsBefore;
  /** Called after each measurement, with everything that is recorded so far. */
  onMeasure?: (point: HealthPoint, health: RunHealth) => void;
}

/** h of the first two views of some pictures: the same views each time. `null` for a trainer without augmentations. */
async function embedViews(
  simclr: Trainer,
  images: ImageArrayLike,
  batchSize: number,
): Promise<[EmbeddingArray, EmbeddingArray] | null> {
  if (simclr.augmentations.length < 2) return null;
  const [count] = images.shape as [number];
  const [, dim] = simclr.encoder.outputs[0]!.shape as [null, number];
  const newRows = (): EmbeddingArray => ({ data: new Float32Array(count * dim), shape: [count, dim] });
  const embeddings: [EmbeddingArray, EmbeddingArray] = [newRows(), newRows()];
  for (let first = 0; first < count; first += batchSize) {
    const rows = Math.min(batchSize, count - first);
    const indices = Array.from({ length: rows }, (_, row) => first + row);
    const views = tidy(() => simclr.views(sliceImages(caller, images, first, rows), indices, 0));
    try {
      for (const view of [0, 1] as const) {
        const colors = await colorsOf(views[view], simclr.normalization); // `embed` normalizes them again
        embeddings[view].data.set((await embedOnHost(simclr, colors, { batchSize })).data, first * dim);
      }
    } finally {
      for (const view of views) view.dispose();
    }
  }
  return embeddings;
}

/**
 * Callback that measures, without labels, whether representations stay rich and views stay together while training, and
 * writes `health.json` into a folder: the effective rank of h (`embeddingHealth`), and the alignment of h of two views of
 * each picture (`alignment`), which are the same views each time. Both go into the epoch's `metrics`, too, as `effectiveRank`
 * and `alignment`. Few directions are a collapse; views that come no closer are a task that is not learned.
 *
 * Measuring is not training: it does not count against the `minutes` of `fit`. A run that continues keeps what it had
 * recorded on as many pictures.
 *
 * @param dir - The folder of the run, a name or a `file:` URL; it is created if it is missing.
 * @param images - Pictures in memory and of the encoder's size, at least 2. A few hundred are enough; the rank is at most
 *   their number.
 * @param options - See {@link RecordHealthOptions}.
 * @returns The callback. It throws `DataError` when the file cannot be written, or holds something else.
 * @throws `ShapeError` when there are fewer than 2 pictures.
 * @throws `InvalidOptionError` when an option is outside its domain.
 * @example
 * await simclr.fit(images, { minutes: 8, callbacks: [recordHealth('runs/first', some)] });
 * @see Garrido et al. 2022, arXiv:2210.02885 (RankMe); Wang and Isola 2020, arXiv:2005.10242, section 4.1 (alignment).
 */
export function recordHealth(
  dir: FilePath,
  images: ImageArrayLike,
  options: RecordHealthOptions = {},
): Callback {
  checkKeys(caller, options, { measurements: 1, batchSize: 1, before: 1, onMeasure: 1 });
  const { measurements = 8, batchSize = 64, onMeasure = () => {} } = options;
  checkInteger(caller, 'measurements', measurements);
  checkInteger(caller, 'batchSize', batchSize);
  const before = countsBefore(caller, options.before);
  const path = join(toFileName(caller, 'dir', dir), runFiles.health);
  const pictures = images.shape[0]!;
  if (pictures < 2) {
    throw new ShapeError(
      `${caller}: images must hold at least 2 pictures. Received: images=[${images.shape}].`,
    );
  }

  return measureWhileTraining<HealthPoint>({
    measurements,
    before,
    async recorded() {
      const found = await readHealth(caller, path);
      return found?.pictures === pictures ? found.points : [];
    },
    async measure({ simclr }, now, earlier) {
      const began = performance.now();
      const h = await embedOnHost(simclr, images as ImageDataset, { batchSize });
      const views = await embedViews(simclr, images, batchSize);
      const point: HealthPoint = {
        ...now,
        effectiveRank: (await embeddingHealth(h)).effectiveRank,
        alignment: views && (await alignment(...views)),
        seconds: (performance.now() - began) / 1000,
      };
      const health: RunHealth = { pictures, dim: h.shape[1], points: [...earlier, point] };
      await writeText(caller, path, `${JSON.stringify(health)}\n`);
      onMeasure(point, health);
      return point;
    },
    report({ effectiveRank, alignment: ofViews }, { metrics }) {
      metrics.effectiveRank = effectiveRank;
      if (ofViews !== null) metrics.alignment = ofViews;
    },
  });
}
