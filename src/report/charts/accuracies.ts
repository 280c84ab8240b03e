import { confidenceInterval } from '../../evaluation/embedding-evaluation.js';
import {
  duration,
  escapeHtml,
  factList,
  percent,
  plural,
  points,
  range,
  whole,
  withMinusSigns,
} from '../page/html.js';
import type { AccuracyRow, ReportAccuracies, ReportData, ReportTraining } from '../types.js';

function epochCount(epochs: NonNullable<ReportTraining['epochs']>): string {
  const full = epochs.filter((epoch) => !epoch.partial).length;
  return full === epochs.length ? whole(full) : `${whole(full)} and a part`;
}

function trainingFacts({ epochs, batchSize, losses, seconds }: ReportTraining): Record<string, string> {
  const time = seconds ?? epochs?.reduce((sum, epoch) => sum + epoch.seconds, 0);
  return {
    ...(epochs ? { Epochs: epochCount(epochs) } : { Steps: whole(losses.length) }),
    'Batch size': whole(batchSize),
    ...(time !== undefined && { Duration: duration(time) }),
  };
}

/** A sentence that sums up the result. */
function lead({ testImages, before, after, gain }: ReportAccuracies): string {
  const strong = (share: number) => `<strong>${percent(share)}</strong>`;
  const tests = plural(testImages, 'test picture');
  if (after.knn === undefined) return '';
  if (before?.knn === undefined) {
    const probe =
      after.linearProbe === undefined
        ? ''
        : `; a linear probe classifies ${strong(after.linearProbe)} correctly`;
    return `<p class="lead">The nearest neighbors classify ${strong(after.knn)} of ${tests} correctly${probe}.</p>`;
  }
  const [first, last] = [
    confidenceInterval(before.knn, testImages),
    confidenceInterval(after.knn, testImages),
  ];
  const apart = gain ? gain.low > 0 || gain.high < 0 : last.low > first.high || last.high < first.low;
  const paired = gain
    ? `: ${points(gain.difference)} points on the same pictures (95 % interval ${points(gain.low)} to ${points(gain.high)})`
    : '';
  const doubt = gain
    ? '; this difference may be chance'
    : '; the 95 % intervals overlap, so this difference may be chance';
  return `<p class="lead">Training without labels changed the k-nearest-neighbor accuracy on ${tests} from
${strong(before.knn)} to ${strong(after.knn)}${paired}${apart ? '' : doubt}.</p>`;
}

/** The heading, a sentence about the result, and the facts of the run. */
export function header({ title, facts, training, accuracies }: ReportData): string {
  return `<header>
<h1>${escapeHtml(title)}</h1>
${accuracies ? lead(accuracies) : ''}
${factList({ ...facts, ...(training && trainingFacts(training)) })}
</header>`;
}

/** An accuracy with its interval, as numbers and as a bar. */
export function accuracyCell(name: string, accuracy: number | undefined, count: number): string {
  if (accuracy === undefined) return `<td data-label="${name}">\u2013</td>`;
  const { low, high } = confidenceInterval(accuracy, count);
  const width = (share: number) => `${(100 * share).toFixed(2)}%`;
  return `<td data-label="${name}"><span class="figure">${percent(accuracy)}</span><small class="range">${range(low, high)}</small>
<div class="scale" aria-hidden="true"><b style="width:${width(accuracy)}"></b><i style="left:${width(low)};width:${width(high - low)}"></i></div></td>`;
}

/** The table of accuracies. */
export function accuracyTable(
  { testImages, before, after, baselines = [], note = '' }: ReportAccuracies,
  classNames: readonly string[],
): string {
  const row = ({ name, remark, knn, linearProbe }: AccuracyRow, kind: string) =>
    `<tr class="${kind}"><th scope="row">${escapeHtml(name)}${remark ? `<small>${escapeHtml(remark)}</small>` : ''}</th>
${accuracyCell('k nearest neighbors', knn, testImages)}${accuracyCell('Linear probe', linearProbe, testImages)}</tr>`;
  const rows = [
    ...baselines.map((baseline) => row(baseline, '')),
    ...(before ? [row(before, '')] : []),
    row(after, 'after'),
  ];
  const guess =
    classNames.length > 1
      ? ` Guessing among ${classNames.length} equally frequent classes gives ${percent(1 / classNames.length)}.`
      : '';
  return `<section><h2>How good are the features?</h2>
<p class="note">Top-1 accuracy on ${plural(testImages, 'test picture')} with 95 % Wilson intervals.${guess} ${escapeHtml(withMinusSigns(note))}</p>
<table class="figures"><thead><tr><th scope="col">Features</th><th scope="col">k nearest neighbors</th><th scope="col">Linear probe</th></tr></thead>
<tbody>${rows.join('')}</tbody></table></section>`;
}
