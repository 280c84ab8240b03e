import { confidenceInterval } from '../../evaluation/embedding-evaluation.js';
import { escapeHtml, percent, plural, range, whole, withMinusSigns } from '../page/html.js';
import type { EfficiencyRun, ReportEfficiency } from '../types.js';
import { type ChartLine, renderChart } from './chart.js';

const methods = [
  ['probe', "linear probe on SimCLR's features", 'first'],
  ['pretrained', 'fine-tuned from SimCLR', 'first'],
  ['scratch', 'the same network from scratch', 'second'],
] as const;

interface Point {
  perClass: number;
  mean: number;
  low: number;
  high: number;
}

/** Means over the seeds. Intervals extend from the lowest seed's Wilson interval to the highest one's. */
function pointsOf(runs: readonly EfficiencyRun[], testCount: number): Point[] {
  const labels = [...new Set(runs.map(({ perClass }) => perClass))].sort((a, b) => a - b);
  return labels.map((perClass) => {
    const values = runs.filter((run) => run.perClass === perClass).map(({ accuracy }) => accuracy);
    return {
      perClass,
      mean: values.reduce((sum, value) => sum + value, 0) / values.length,
      low: confidenceInterval(Math.min(...values), testCount).low,
      high: confidenceInterval(Math.max(...values), testCount).high,
    };
  });
}

/** Accuracy over labels per class, which shows how many labels pretraining saves. */
export async function labelEfficiencySection({
  runs,
  testCount,
  note = '',
}: ReportEfficiency): Promise<string> {
  const series = methods
    .map(([method, name, kind]) => {
      const points = pointsOf(
        runs.filter((run) => run.method === method),
        testCount,
      );
      return { name, kind, points };
    })
    .filter(({ points }) => points.length > 0);
  if (series.length === 0) return '';
  const perClass = [...new Set(runs.map((run) => run.perClass))].sort((a, b) => a - b);
  const seeds = new Set(runs.map(({ seed }) => seed)).size;
  const lines: ChartLine[] = series.map(({ name, kind, points }) => ({
    name,
    kind,
    points: points.map(({ perClass: x, mean: y }) => ({ x, y })),
    intervals: points,
  }));
  const label = series
    .map(
      ({ name, points }) => `${name}: ${points.map((p) => `${percent(p.mean)} at ${p.perClass}`).join(', ')}`,
    )
    .join('; ');
  const chart = await renderChart({
    label: `Accuracy against labels per class. ${label}`,
    x: { name: 'labels per class', format: whole, values: perClass },
    y: { name: 'accuracy', format: (share) => `${Math.round(100 * share)} %`, from: 0 },
    lines,
  });
  const rows = perClass.map((labels) => {
    const cells = series.map(({ name, points }) => {
      const point = points.find((each) => each.perClass === labels);
      const content = point
        ? `<span class="figure">${percent(point.mean)}</span><small class="range">${range(point.low, point.high)}</small>`
        : '\u2013';
      return `<td data-label="${escapeHtml(name)}">${content}</td>`;
    });
    return `<tr><th scope="row">${plural(labels, 'label')} per class</th>${cells.join('')}</tr>`;
  });
  const choices =
    seeds === 1
      ? 'with 95 % Wilson intervals'
      : `mean over ${plural(seeds, 'choice')} of them; intervals extend from the lowest choice's 95 % Wilson interval to the highest one's`;
  return `<section><h2>What labels are worth</h2>
<p class="note">Accuracy on ${plural(testCount, 'test picture')} of a classifier trained on this many labeled pictures per class,
${choices}. ${escapeHtml(withMinusSigns(note))}</p>
${chart}
<table class="figures"><thead><tr><th scope="col">Labels</th>${series.map(({ name }) => `<th scope="col">${escapeHtml(name)}</th>`).join('')}</tr></thead>
<tbody>${rows.join('')}</tbody></table></section>`;
}
