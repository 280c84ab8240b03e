import type { LabeledImages, SimCLR } from 'simclr-ts';
import { labelEfficiency } from 'simclr-ts/evaluation';
import { progress } from 'simclr-ts/node';
import type { ReportEfficiency } from 'simclr-ts/report';
import type { Context } from '../../context.js';

const batchSize = 32;

/** Options of {@link labelCurve}. */
interface LabelCurveOptions {
  /** A choice of labels and a training for each. */
  seeds: readonly number[];
  /** Steps of each network that is trained from scratch. */
  scratchSteps: number;
  /** Ends the curve with the classifiers that are done by then. */
  signal?: AbortSignal;
}

/** Accuracy over labels per class: linear probes on h, and the same network trained from scratch. */
export async function labelCurve(
  simclr: SimCLR,
  references: LabeledImages,
  test: LabeledImages,
  { seeds, scratchSteps, signal }: LabelCurveOptions,
  context: Context,
): Promise<ReportEfficiency> {
  const classes = new Set(references.labels).size;
  let bar: ReturnType<typeof progress> | undefined;
  try {
    const { runs, testCount } = await labelEfficiency(simclr, references, test, {
      methods: ['probe', 'scratch'],
      seeds: [...seeds],
      fineTune: (labels) => ({
        batchSize,
        epochs: Math.max(1, Math.round(scratchSteps / Math.ceil((labels * classes) / batchSize))),
        learningRate: 0.05,
      }),
      ...(signal && { signal }),
      onProgress(_, done, total) {
        bar ??= progress(total, 'Classifiers from few labels', { quiet: context.quiet });
        bar.update(done);
      },
    });
    const note =
      `Each network from scratch takes about ${scratchSteps} steps of at most ${batchSize} pictures ` +
      '(--scratch-steps). With more steps it reaches more.';
    return { runs, testCount, note };
  } finally {
    bar?.stop();
  }
}
