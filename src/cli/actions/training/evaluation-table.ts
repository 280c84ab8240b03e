import { type ReadoutWorth, type RunEvaluationResult, trainingVerdict } from 'simclr-ts/report';
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
  readoutWithFlips,
  gains,
}: RunEvaluationResult): string {
  const rows: [string, Measures][] = [
    ['raw pixels', rawPixels],
    ['pixels, centered', centeredPixels],
    ['pixels, whitened', whitenedPixels],
    ['h before training', before],
    ...(after ? ([['h after training', after]] as [string, Measures][]) : []),
    ...readoutRows('', readout),
    ...readoutRows(', with flips', readoutWithFlips),
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

/** Rows of a read-out before and after training. */
function readoutRows(remark: string, worth: ReadoutWorth | null): [string, Measures][] {
  if (worth === null) return [];
  const { before, after } = worth;
  const rows: [string, Measures][] = [[`read-out before training${remark}`, before]];
  if (after) rows.push([`read-out after training${remark}`, after]);
  return rows;
}

const measured = ({ knn, linearProbe }: Measures) => ({
  knn: { accuracy: knn.accuracy, interval: knn.interval },
  ...(linearProbe && {
    linearProbe: { accuracy: linearProbe.accuracy, interval: linearProbe.interval },
  }),
});

/** The same as plain data. */
export function evaluationJSON(evaluation: RunEvaluationResult) {
  const { rawPixels, centeredPixels, whitenedPixels, before, after, readout, readoutWithFlips, gains } =
    evaluation;
  const read = (worth: ReadoutWorth | null) =>
    worth && { before: measured(worth.before), after: worth.after && measured(worth.after) };
  return {
    testImages: before.knn.count,
    rawPixels: measured(rawPixels),
    centeredPixels: measured(centeredPixels),
    whitenedPixels: measured(whitenedPixels),
    before: measured(before),
    after: after && measured(after),
    readout: read(readout),
    readoutWithFlips: read(readoutWithFlips),
    gains,
  };
}
