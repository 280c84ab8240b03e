import { importOptional } from '../../node/backends/optional-package.js';
import { escapeHtml } from '../page/html.js';

/** A point of a chart, in the units of its axes. */
export interface ChartPoint {
  x: number;
  y: number;
}

/** One line of a chart. */
export interface ChartLine {
  name: string;
  /** Its class in the style sheet. */
  kind: 'first' | 'second' | 'faint-first' | 'faint-second' | 'rate';
  points: readonly ChartPoint[];
  /** Interval of each point. Points with intervals get markers. */
  intervals?: readonly { low: number; high: number }[];
  /** The vertical axis it belongs to. @defaultValue 'left' */
  axis?: 'left' | 'right';
}

/** A horizontal line with a label. */
export interface ChartLevel {
  y: number;
  text: string;
}

interface Axis {
  name: string;
  format: (value: number) => string;
}

/** A line chart. */
export interface Chart {
  /** Description for readers who do not see the chart. */
  label: string;
  x: Axis & {
    /** Ticks of a logarithmic axis. Without them the axis is linear. */
    values?: readonly number[];
  };
  y: Axis & { from?: number };
  right?: Axis;
  lines: readonly ChartLine[];
  levels?: readonly ChartLevel[];
  /** What the levels are, in the key. @defaultValue 'chance level' */
  levelsAre?: string;
}

const sizes = { wide: { width: 960, height: 380 }, narrow: { width: 420, height: 320 } };

/** The packages of a report with curves and a map, to install in one command. */
export const reportPackages = 'd3-scale d3-shape umap-js';

/** Loads the packages for scales and curves. */
async function loadD3() {
  const caller = 'writeReport';
  const [scale, shape] = await Promise.all([
    importOptional(caller, 'd3-scale', () => import('d3-scale'), reportPackages),
    importOptional(caller, 'd3-shape', () => import('d3-shape'), reportPackages),
  ]);
  return { ...scale, ...shape };
}

type D3 = Awaited<ReturnType<typeof loadD3>>;

const pixel = (value: number) => Number(value.toFixed(1));

/** Range of a vertical axis, with a margin. */
function extent(chart: Chart, axis: 'left' | 'right'): [number, number] {
  const lines = chart.lines.filter((line) => (line.axis ?? 'left') === axis);
  const values = lines.flatMap(({ points, intervals = [] }) => [
    ...points.map(({ y }) => y),
    ...intervals.flatMap(({ low, high }) => [low, high]),
  ]);
  if (axis === 'left') values.push(...(chart.levels ?? []).map(({ y }) => y));
  const from = axis === 'left' ? chart.y.from : 0;
  const low = values.reduce((min, value) => Math.min(min, value), from ?? Number.POSITIVE_INFINITY);
  const high = values.reduce((max, value) => Math.max(max, value), Number.NEGATIVE_INFINITY);
  const margin = 0.08 * (high - low || Math.abs(high) || 1);
  // A larger margin on the right keeps a constant peak rate apart from a loss at chance.
  return [from === undefined ? low - margin : low, high + (axis === 'right' ? 4 * margin : margin)];
}

/** Height of a line of text, in units of the chart. */
const textHeight = 16;

/** Levels from top to bottom. A text moves to the left if the level above is too near. */
function placedLevels(
  levels: readonly ChartLevel[],
  y: (value: number) => number,
): (ChartLevel & { atLeft: boolean })[] {
  const placed: (ChartLevel & { atLeft: boolean })[] = [];
  for (const level of [...levels].sort((a, b) => b.y - a.y)) {
    const above = placed.at(-1);
    const isNear = above !== undefined && y(level.y) - y(above.y) < textHeight;
    placed.push({ ...level, atLeft: isNear && !above.atLeft });
  }
  return placed;
}

function svg(d3: D3, chart: Chart, size: keyof typeof sizes): string {
  const { width, height } = sizes[size];
  const isNarrow = size === 'narrow';
  const [left, right, top, bottom] = [54, width - (chart.right ? 62 : 18), 30, height - 44];
  const xs = chart.lines.flatMap(({ points }) => points.map(({ x }) => x));
  const [first, last] = [xs.reduce((a, b) => Math.min(a, b), xs[0]!), xs.reduce((a, b) => Math.max(a, b), 0)];
  const logarithmic = chart.x.values !== undefined;
  const x = logarithmic
    ? d3.scaleLog().domain(first === last ? [first / 2, 2 * first] : [first, last])
    : d3.scaleLinear().domain([0, last || 1]);
  // A marked point at the edge must not touch the axis.
  x.range(logarithmic ? [left + 24, right - 24] : [left, right]);
  const y = d3.scaleLinear().domain(extent(chart, 'left')).range([bottom, top]);
  const rate = chart.right && d3.scaleLinear().domain(extent(chart, 'right')).range([bottom, top]);

  const parts: string[] = [];
  const text = (px: number, py: number, content: string, anchor: string) =>
    parts.push(
      `<text x="${pixel(px)}" y="${pixel(py)}" text-anchor="${anchor}">${escapeHtml(content)}</text>`,
    );
  for (const value of y.ticks(isNarrow ? 4 : 6)) {
    parts.push(`<path class="grid" d="M${left},${pixel(y(value))}H${right}"/>`);
    text(left - 8, y(value) + 4, chart.y.format(value), 'end');
  }
  for (const value of rate ? rate.ticks(4) : []) {
    text(right + 8, rate!(value) + 4, chart.right!.format(value), 'start');
  }
  parts.push(`<path class="grid" d="M${left},${bottom}H${right}"/>`);
  for (const value of chart.x.values ?? x.ticks(isNarrow ? 4 : 8)) {
    text(x(value), bottom + 18, chart.x.format(value), 'middle');
  }
  text((left + right) / 2, bottom + 38, chart.x.name, 'middle');
  text(left, 14, chart.y.name, 'start');
  if (chart.right) text(right, 14, chart.right.name, 'end');

  for (const [index, { kind, points, intervals, axis = 'left' }] of chart.lines.entries()) {
    // Shift intervals, so that none hides another.
    const aside = intervals ? 8 * (index - (chart.lines.length - 1) / 2) : 0;
    const vertical = axis === 'right' ? rate! : y;
    const line = d3
      .line<ChartPoint>()
      .x((point) => x(point.x) + aside)
      .y((point) => vertical(point.y))
      .digits(1);
    parts.push(`<path class="${kind}" d="${line(points as ChartPoint[]) ?? ''}"/>`);
    if (!intervals && points.length > 1) continue;
    for (const [place, point] of points.entries()) {
      const [px, py] = [pixel(x(point.x) + aside), pixel(vertical(point.y))];
      const interval = intervals?.[place];
      if (interval) {
        const [low, high] = [pixel(vertical(interval.low)), pixel(vertical(interval.high))];
        parts.push(
          `<path class="${kind} whisker" d="M${px},${low}V${high}M${px - 5},${low}h10M${px - 5},${high}h10"/>`,
        );
      }
      parts.push(`<circle class="${kind}" cx="${px}" cy="${py}" r="4"/>`);
    }
  }
  for (const level of placedLevels(chart.levels ?? [], y)) {
    const [place, anchor] = level.atLeft ? [left + 4, 'start'] : [right - 4, 'end'];
    parts.push(`<path class="level" d="M${left},${pixel(y(level.y))}H${right}"/>`);
    parts.push(
      `<text class="level" x="${place}" y="${pixel(y(level.y) - 6)}" text-anchor="${anchor}">${escapeHtml(level.text)}</text>`,
    );
  }
  return `<svg class="${size}-only" viewBox="0 0 ${width} ${height}" aria-hidden="true">${parts.join('')}</svg>`;
}

/** Renders a line chart as inline SVG, for wide and for narrow pages. The style sheet sets its colors. */
export async function renderChart(chart: Chart): Promise<string> {
  const d3 = await loadD3();
  const keys = [
    ...chart.lines.map(({ kind, name }) => [kind, name] as const),
    ...((chart.levels ?? []).length > 0 ? [['level', chart.levelsAre ?? 'chance level'] as const] : []),
  ].map(([kind, name]) => `<li><span class="line ${kind}"></span>${escapeHtml(name)}</li>`);
  const pictures = (['wide', 'narrow'] as const).map((size) => svg(d3, chart, size));
  return `<ul class="keys" aria-hidden="true">${keys.join('')}</ul>
<div class="chart" role="img" aria-label="${escapeHtml(chart.label)}">${pictures.join('')}</div>`;
}
