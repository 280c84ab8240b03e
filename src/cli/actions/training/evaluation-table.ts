import type { AccuracyDifference, ClassificationResult } from 'simclr-ts/evaluation';
import type { RunEvaluationResult } from 'simclr-ts/report';
import { percent, table } from '../table.js';

type Measures = { knn: ClassificationResult; linearProbe?: ClassificationResult };
type Differences = { knn: AccuracyDifference; linearProbe?: AccuracyDifference };

const accuracy = (result: ClassificationResult | undefined) =>
  result
    ? `${percent(result.accuracy)} (${percent(result.interval.low)} to ${percent(result.interval.high)})`
    : '';

const points = (share: number) => `${share < 0 ? '' : '+'}${(100 * share).toFixed(1)}`;
const gain = (difference: AccuracyDifference | undefined) =>
  difference
    ? `${points(difference.difference)} (${points(difference.low)} to ${points(difference.high)})`
    : '';

/** Accuracies of a run and what training gained, for people. */
export function evaluationTable({
  rawPixels,
  centeredPixels,
  before,
  after,
  gains,
}: RunEvaluationResult): string {
  const rows: [string, Measures][] = [
    ['raw pixels', rawPixels],
    ['pixels, centered', centeredPixels],
    ['before training', before],
    ...(after ? ([['after training', after]] as [string, Measures][]) : []),
  ];
  const gained: [string, Differences][] = gains
    ? [
        ['raw pixels', gains.overRawPixels],
        ['pixels, centered', gains.overCenteredPixels],
        ['before training', gains.overBefore],
      ]
    : [];
  return [
    `Accuracy on ${before.knn.count} test pictures, with 95 % intervals:`,
    table(
      ['', 'nearest neighbors', 'linear probe'],
      rows.map(([name, { knn, linearProbe }]) => [name, accuracy(knn), accuracy(linearProbe)]),
    ),
    '',
    'Points gained by training, on the same pictures:',
    table(
      ['over', 'nearest neighbors', 'linear probe'],
      gained.map(([name, { knn, linearProbe }]) => [name, gain(knn), gain(linearProbe)]),
    ),
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
  const { rawPixels, centeredPixels, before, after, gains } = evaluation;
  return {
    testImages: before.knn.count,
    rawPixels: measured(rawPixels),
    centeredPixels: measured(centeredPixels),
    before: measured(before),
    after: after && measured(after),
    gains,
  };
}
