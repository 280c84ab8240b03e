import { whole } from '../page/html.js';
import type { LossPoint, ReportTraining } from '../types.js';
import { type ChartLine, type ChartPoint, renderChart } from './chart.js';

const maxPoints = 500;

/** A loss curve with a name. */
export interface NamedTraining extends Pick<ReportTraining, 'losses' | 'batchSize'> {
  name: string;
}

const finiteOf = (losses: readonly LossPoint[]) => losses.filter(({ loss }) => Number.isFinite(loss));

/** Averages neighboring steps, so that long training does not make a large page. */
function thinned(points: readonly LossPoint[]): LossPoint[] {
  const run = Math.ceil(points.length / maxPoints);
  const means: LossPoint[] = [];
  for (let first = 0; first < points.length; first += run) {
    const part = points.slice(first, first + run);
    const loss = part.reduce((sum, point) => sum + point.loss, 0) / part.length;
    means.push({ ...part[part.length - 1]!, loss });
  }
  return means;
}

/** Moving average over about a thirtieth of the curve. */
function smoothed(points: readonly ChartPoint[]): ChartPoint[] {
  const reach = Math.max(1, Math.round(points.length / 60));
  return points.map(({ x }, index) => {
    const part = points.slice(Math.max(0, index - reach), index + reach + 1);
    return { x, y: part.reduce((sum, { y }) => sum + y, 0) / part.length };
  });
}

const chanceOf = (batchSize: number) => Math.log(2 * batchSize - 1);

function describe({ losses, batchSize }: Pick<ReportTraining, 'losses' | 'batchSize'>): string {
  const [first, last] = [losses[0]!.loss.toFixed(2), losses[losses.length - 1]!.loss.toFixed(2)];
  return `Loss over ${losses.length} steps, from ${first} to ${last}; chance level ${chanceOf(batchSize).toFixed(2)}`;
}

const lossAxis = { name: 'loss (nats)', format: (value: number) => String(Number(value.toFixed(3))) };

const levelOf = (batchSize: number) => {
  const chance = chanceOf(batchSize);
  return { y: chance, text: `chance: ln(2N \u2212 1) = ${chance.toFixed(2)}` };
};

const rateText = (rate: number) => Number(rate.toPrecision(2)).toString();

/** The loss of one run, with its learning rate if known. */
export async function lossChart({ losses, batchSize }: ReportTraining): Promise<string> {
  const finite = finiteOf(losses);
  if (finite.length === 0) return '<p class="note">No step was taken.</p>';
  const points = thinned(finite);
  const curve = points.map(({ step, loss }) => ({ x: step, y: loss }));
  const rates = points
    .filter(({ learningRate }) => learningRate !== undefined && Number.isFinite(learningRate))
    .map(({ step, learningRate }) => ({ x: step, y: learningRate! }));
  // A constant rate needs no line, which could hide others.
  const isConstant = rates.every(({ y }) => y === rates[0]!.y);
  const hasRate = rates.length > 0 && !isConstant;
  const constant =
    rates.length > 0 && isConstant ? `; learning rate ${rateText(rates[0]!.y)} in every step` : '';
  const chart = await renderChart({
    label: `${describe({ losses: finite, batchSize })}${constant}`,
    x: { name: 'step', format: whole },
    y: lossAxis,
    ...(hasRate && { right: { name: 'learning rate', format: rateText } }),
    lines: [
      { name: 'loss of a step', kind: 'faint-first', points: curve },
      { name: 'moving average', kind: 'first', points: smoothed(curve) },
      ...(hasRate
        ? [{ name: 'learning rate', kind: 'rate', points: rates, axis: 'right' } satisfies ChartLine]
        : []),
    ],
    levels: [levelOf(batchSize)],
  });
  return constant ? `${chart}\n<p class="note">L${constant.slice(3)}.</p>` : chart;
}

/** The losses of two runs over the pictures seen, which makes different batch sizes comparable. */
export async function twoLossesChart(runs: readonly [NamedTraining, NamedTraining]): Promise<string> {
  const kinds = [
    ['faint-first', 'first'],
    ['faint-second', 'second'],
  ] as const;
  const lines: ChartLine[] = [];
  const labels: string[] = [];
  for (const [index, { name, losses, batchSize }] of runs.entries()) {
    const finite = finiteOf(losses);
    if (finite.length === 0) {
      labels.push(`${name}: no step`);
      continue;
    }
    labels.push(`${name}: ${describe({ losses: finite, batchSize })}`);
    const curve = thinned(finite).map(({ step, loss }) => ({ x: (step + 1) * batchSize, y: loss }));
    const [faint, strong] = kinds[index]!;
    lines.push({ name: `${name}, each step`, kind: faint, points: curve });
    lines.push({ name, kind: strong, points: smoothed(curve) });
  }
  if (lines.length === 0) return '<p class="note">No step was taken.</p>';
  const sizes = [...new Set(runs.map(({ batchSize }) => batchSize))];
  return renderChart({
    label: labels.join('. '),
    x: { name: 'pictures seen', format: whole },
    y: lossAxis,
    lines,
    levels: sizes.map(levelOf),
  });
}
