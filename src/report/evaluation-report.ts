import { confusionMatrix } from '../evaluation/embedding-evaluation.js';
import type { History, Trainer } from '../training/index.js';
import type {
  EmbeddingWorth,
  EvaluationPictures,
  ReadoutWorth,
  RunEvaluationResult,
} from './evaluation/run-evaluation.js';
import { trainingVerdict } from './evaluation/training-verdict.js';
import { mapOf, type NamedParts, neighborRows, thumbnails, viewRows } from './galleries/run-galleries.js';
import { largestBatch } from './run-folder.js';
import type { AccuracyRow, ReportData, ReportTraining } from './types.js';

const accuracies = (worth: Partial<EmbeddingWorth>): Pick<AccuracyRow, 'knn' | 'linearProbe'> => ({
  ...(worth.knn && { knn: worth.knn.accuracy }),
  ...(worth.linearProbe && { linearProbe: worth.linearProbe.accuracy }),
});

/** Rows of a read-out before and after training; none of one that was not measured. */
function readoutRows(how: string, remark: string, worth: ReadoutWorth | null): AccuracyRow[] {
  if (worth === null) return [];
  const { before, after } = worth;
  return [
    {
      name: `Read-out before training${how}`,
      remark: `${remark}; before training`,
      ...accuracies(before),
    },
    {
      name: `Read-out after training${how}`,
      remark: `${remark}; no labels used`,
      ...accuracies(after ?? {}),
    },
  ];
}

/** The course of training as a page shows it. */
export function trainingOf({ steps, epochs }: History): ReportTraining {
  return { losses: steps, batchSize: largestBatch(steps), epochs };
}

/**
 * Turns the result of `evaluateRun` into data for `writeReport`: accuracies before and after training beside those of
 * pixels, the loss, the confusion matrix of the linear probe, views, maps and nearest neighbors. A title, facts of the run
 * and a label-efficiency curve can be added to it.
 *
 * @param simclr - The trainer.
 * @param pictures - Those that `evaluateRun` was given.
 * @param evaluation - Its result.
 * @param title - The page's heading.
 * @example
 * await writeReport('report.html', await evaluationReport(simclr, pictures, evaluation, 'My run'));
 */
export async function evaluationReport(
  simclr: Trainer,
  pictures: EvaluationPictures,
  evaluation: RunEvaluationResult,
  title: string,
): Promise<ReportData> {
  const { history, rawPixels, centeredPixels, whitenedPixels, before, after, gains, embeddings } = evaluation;
  const { references, test } = pictures;
  const parts: NamedParts[] = [{ name: 'Before training', ...embeddings.before }];
  if (embeddings.after) parts.push({ name: 'After training', ...embeddings.after });
  const shown = thumbnails(test.images, test.labels);
  const { classNames } = references;
  const classes = classNames?.length ?? 1 + Math.max(...Array.from(references.labels));
  return {
    title,
    ...(classNames && { classNames }),
    ...(after && {
      accuracies: {
        testImages: test.labels.length,
        baselines: [
          { name: 'Raw pixels', remark: 'no encoder', ...accuracies(rawPixels) },
          { name: 'Pixels, centered', remark: "less their picture's mean", ...accuracies(centeredPixels) },
          { name: 'Pixels, whitened', remark: 'averaged to about 16x16', ...accuracies(whitenedPixels) },
          ...readoutRows('', 'early stages on a grid, whitened', evaluation.readout),
          ...readoutRows(', with flips', 'means over mirror images', evaluation.readoutWithFlips),
        ],
        before: { name: 'h before training', remark: 'the network as it began', ...accuracies(before) },
        after: { name: 'h after training', remark: 'no labels used', ...accuracies(after) },
        ...(gains && { gain: gains.overBefore.knn, note: trainingVerdict(gains) }),
      },
      confusion: {
        of: 'linear probe',
        matrix: confusionMatrix(test.labels, after.linearProbe.predictions, Math.max(2, classes)),
      },
    }),
    training: trainingOf(history),
    views: await viewRows(simclr, references.images),
    map: await mapOf(shown, parts),
    neighbors: await neighborRows(thumbnails(references.images, references.labels), shown, parts),
  };
}
