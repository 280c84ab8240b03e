import { type LabeledImages, labelEfficiency, type SimCLR, selectImages } from 'simclr-ts';
import { progress } from 'simclr-ts/node';
import type { ReportEfficiency } from 'simclr-ts/report';
import type { RunOptions } from './options.js';

const testPictures = 2000;
const batchSize = 50;
const secondsAtMost = 45;

/**
 * What a few labels are worth with and without SimCLR: a linear probe on its features against the same network trained
 * from scratch, which is given so few steps that the whole takes about half a minute.
 *
 * @returns `undefined` where there are no such steps, or not all classes to learn from.
 */
export async function labelCurve(
  simclr: SimCLR,
  references: LabeledImages,
  test: LabeledImages,
  { scratchSteps, seed, minutes }: RunOptions,
  log: (text: string) => void,
): Promise<ReportEfficiency | undefined> {
  if (scratchSteps === 0 || new Set(references.labels).size < 10) return undefined;
  log(`Labels per class: linear probes, and ${scratchSteps} steps from scratch for each ...`);
  const count = Math.min(testPictures, test.labels.length);
  const part = selectImages(
    test,
    Array.from({ length: count }, (_, index) => index),
  );
  let bar: ReturnType<typeof progress> | undefined;
  try {
    const { runs, testCount } = await labelEfficiency(simclr, references, part, {
      // A run that ends by the clock does so here too, with what was done; one of a number of epochs is the same each time.
      ...(Number.isFinite(minutes) && { signal: AbortSignal.timeout(secondsAtMost * 1000) }),
      methods: ['probe', 'scratch'],
      seeds: [seed],
      fineTune: (perClass) => ({
        batchSize,
        epochs: Math.max(1, Math.round(scratchSteps / Math.ceil((10 * perClass) / batchSize))),
        learningRate: 0.05,
      }),
      onProgress: (_, done, total) => {
        bar ??= progress(total, 'Classifiers from few labels');
        bar.update(done);
      },
    });
    const note =
      `To end in time each network from scratch has ${scratchSteps} steps of at most ${batchSize} pictures: ` +
      'with hours of training it would reach more.';
    return { runs, testCount, note };
  } finally {
    bar?.stop();
  }
}
