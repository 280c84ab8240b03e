import { type RunEvaluationResult, trainingVerdict } from 'simclr-ts/report';
import {
  type Differences,
  gainRows,
  gainTable,
  type Measures,
  worthTable,
} from '../evaluation/worth-table.js';

/** Accuracies of a run and what training gained, for people. */
export function evaluationTable({
  rawPixels,
  centeredPixels,
  whitenedPixels,
  before,
  after,
  readout,
  gains,
}: RunEvaluationResult): string {
  const rows: [string, Measures][] = [
    ['raw pixels', rawPixels],
    ['pixels, centered', centeredPixels],
    ['pixels, whitened', whitenedPixels],
    ['h before training', before],
    ...(after ? ([['h after training', after]] as [string, Measures][]) : []),
    ...(readout ? ([['read-out before training', readout.before]] as [string, Measures][]) : []),
    ...(readout?.after ? ([['read-out after training', readout.after]] as [string, Measures][]) : []),
  ];
  const gained: [string, Differences][] = gains
    ? [
        ['h over raw pixels', gains.overRawPixels],
        ['h over pixels, centered', gains.overCenteredPixels],
        ...gainRows(gains),
      ]
    : [];
  return [
    ...(gains ? [trainingVerdict(gains), ''] : []),
    `Accuracy on ${before.knn.count} test pictures, with 95 % intervals:`,
    worthTable(rows),
    '',
    'Points gained by training, on the same pictures:',
    gainTable(gained),
  ].join('\n');
}

const measured = ({ knn, linearProbe }: Measures) => ({
  knn: { accuracy: knn.accuracy, interval: knn.interval },
  ...(linearProbe && {
    linearProbe: { accuracy: linearProbe.accuracy, interval: linearProbe.interval },
  }),
});

/** The same as plain data. */
export function evaluationJSON(evaluation: RunEvaluationResult) {
  const { rawPixels, centeredPixels, whitenedPixels, before, after, readout, gains } = evaluation;
  return {
    testImages: before.knn.count,
    rawPixels: measured(rawPixels),
    centeredPixels: measured(centeredPixels),
    whitenedPixels: measured(whitenedPixels),
    before: measured(before),
    after: after && measured(after),
    readout: readout && { before: measured(readout.before), after: readout.after && measured(readout.after) },
    gains,
  };
}
