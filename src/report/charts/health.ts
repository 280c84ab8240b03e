import { minutesText, whole } from '../page/html.js';
import type { HealthPoint, RunHealth } from '../types.js';
import { renderChart } from './chart.js';

/** A measure over the time of training. */
interface Measure {
  name: string;
  read(point: HealthPoint): number | null;
  format(value: number): string;
}

const rank: Measure = {
  name: 'effective rank of h',
  read: ({ effectiveRank }) => effectiveRank,
  format: (value) => value.toFixed(1),
};
const distance: Measure = {
  name: 'distance of two views (alignment)',
  read: ({ alignment }) => alignment,
  format: (value) => value.toFixed(3),
};

/** A chart of a measure; nothing where it was not taken twice. */
async function chartOf(points: readonly HealthPoint[], { name, read, format }: Measure): Promise<string> {
  const known = points.flatMap((point) => {
    const value = read(point);
    return value === null ? [] : [{ x: point.minutes, y: value }];
  });
  if (known.length < 2) return '';
  const told = known.map(({ x, y }) => `${format(y)} after ${minutesText(x)}`).join(', ');
  return renderChart({
    label: `${name} over the minutes of training: ${told}`,
    x: { name: 'minutes of training', format: minutesText },
    y: { name, format },
    lines: [{ name, kind: 'first', points: known }],
  });
}

/** Effective rank and alignment over the time of training. */
export async function healthSection({ pictures, dim, points }: RunHealth): Promise<string> {
  const charts = [await chartOf(points, rank), await chartOf(points, distance)];
  if (charts.every((chart) => chart === '')) return '';
  return `<section><h2>Health over time</h2>
<p class="note">Measured without labels while training, on the same ${whole(pictures)} pictures and views. The effective rank says how many of the
${whole(dim)} directions of h are used, and is at most the number of pictures: near 1, representations have collapsed. Alignment is the mean
squared distance of h of two views of a picture, scaled to length 1: training brings them together.</p>
${charts.join('')}</section>`;
}
