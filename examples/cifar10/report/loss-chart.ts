import * as echarts from 'echarts';
import type { LossPoint } from './types.js';

const themes = {
  light: {
    ink: '#43474f',
    faint: '#dfe1e6',
    loss: '#3b5bdb',
    band: '#3b5bdb59',
    chance: '#c2410c',
    rate: '#8a909b',
  },
  dark: {
    ink: '#b9bec9',
    faint: '#31353d',
    loss: '#8aa4ff',
    band: '#8aa4ff59',
    chance: '#fb923c',
    rate: '#7d8491',
  },
};
const sizes = { wide: { width: 960, height: 380 }, narrow: { width: 420, height: 320 } };
const maxPoints = 500;

/** Means over runs of neighbouring steps, so that a long training does not make a heavy page. */
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

/** Moving average over about a thirtieth of the curve, to either side. */
function smoothed(points: readonly LossPoint[]): number[] {
  const reach = Math.max(1, Math.round(points.length / 60));
  return points.map((_, index) => {
    const part = points.slice(Math.max(0, index - reach), index + reach + 1);
    return part.reduce((sum, point) => sum + point.loss, 0) / part.length;
  });
}

function svg(
  points: readonly LossPoint[],
  chance: number,
  colors: (typeof themes)['light'],
  { width, height }: { width: number; height: number },
): string {
  const mean = smoothed(points);
  const rates = points.filter((point) => point.learningRate !== undefined);
  const lowest = Math.min(chance, ...points.map((point) => point.loss));
  const highest = Math.max(chance, ...points.map((point) => point.loss));
  const margin = 0.08 * (highest - lowest || 1);
  const text = { color: colors.ink, fontFamily: 'system-ui, sans-serif', fontSize: 12 };
  const axis = {
    nameTextStyle: text,
    axisLabel: { ...text, hideOverlap: true },
    axisLine: { lineStyle: { color: colors.faint } },
    axisTick: { show: false },
  };
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({
    animation: false,
    textStyle: text,
    grid: { left: 46, right: rates.length > 0 ? 62 : 16, top: 34, bottom: 44 },
    xAxis: {
      ...axis,
      type: 'value',
      name: 'step',
      nameLocation: 'middle',
      nameGap: 28,
      min: 0,
      max: 'dataMax',
      splitLine: { show: false },
    },
    yAxis: [
      {
        ...axis,
        type: 'value',
        name: width < 600 ? '' : 'loss (nats)',
        min: Number((lowest - margin).toFixed(2)),
        max: Number((highest + margin).toFixed(2)),
        axisLabel: { ...text, showMinLabel: false, showMaxLabel: false },
        splitLine: { lineStyle: { color: colors.faint } },
      },
      ...(rates.length > 0
        ? [
            {
              ...axis,
              type: 'value' as const,
              name: width < 600 ? '' : 'learning rate',
              min: 0,
              axisLabel: { ...text, formatter: (value: number) => Number(value.toPrecision(2)).toString() },
              splitLine: { show: false },
            },
          ]
        : []),
    ],
    series: [
      {
        name: 'loss of a step',
        type: 'line',
        data: points.map((point) => [point.step, Number(point.loss.toFixed(4))]),
        showSymbol: points.length === 1,
        lineStyle: { color: colors.band, width: 1 },
        itemStyle: { color: colors.band },
        markLine: {
          silent: true,
          symbol: 'none',
          lineStyle: { color: colors.chance, type: [6, 5], width: 1.5 },
          label: {
            ...text,
            color: colors.chance,
            position: 'insideEndTop',
            formatter: `chance: ln(2N \u2212 1) = ${chance.toFixed(2)}`,
          },
          data: [{ yAxis: chance }],
        },
      },
      {
        name: 'moving average',
        type: 'line',
        data: points.map((point, index) => [point.step, Number(mean[index]!.toFixed(4))]),
        showSymbol: false,
        lineStyle: { color: colors.loss, width: 2.5 },
        itemStyle: { color: colors.loss },
      },
      ...(rates.length > 0
        ? [
            {
              name: 'learning rate',
              type: 'line' as const,
              yAxisIndex: 1,
              data: rates.map((point) => [point.step, point.learningRate!]),
              showSymbol: false,
              lineStyle: { color: colors.rate, width: 1.5, type: [2, 4] },
              itemStyle: { color: colors.rate },
            },
          ]
        : []),
    ],
  });
  const markup = chart.renderToSVGString();
  chart.dispose();
  // Inside HTML an svg element needs no namespace; the page decides on its size.
  return markup
    .replace(/ xmlns(:\w+)?="[^"]*"/g, '')
    .replace(/<svg width="(\d+)" height="(\d+)"/, '<svg aria-hidden="true"');
}

/** The loss curve as inline SVG, once for each colour scheme and width; the page's style shows one of them. */
export function lossChart(losses: readonly LossPoint[], batchSize: number): string {
  const finite = losses.filter((point) => Number.isFinite(point.loss));
  if (finite.length === 0) return '<p class="note">No step was taken.</p>';
  const chance = Math.log(2 * batchSize - 1);
  const points = thinned(finite);
  const charts = (['light', 'dark'] as const).flatMap((theme) =>
    (['wide', 'narrow'] as const).map(
      (size) =>
        `<div class="${theme}-only ${size}-only">${svg(points, chance, themes[theme], sizes[size])}</div>`,
    ),
  );
  const first = finite[0]!.loss.toFixed(2);
  const last = finite[finite.length - 1]!.loss.toFixed(2);
  const label = `Loss over ${finite.length} steps, from ${first} to ${last}; chance level ${chance.toFixed(2)}`;
  const hasRate = finite.some((point) => point.learningRate !== undefined);
  const keys = [
    ['band', 'loss of a step'],
    ['loss', 'moving average'],
    ['chance', 'chance level'],
    ...(hasRate ? [['rate', 'learning rate']] : []),
  ].map(([kind, name]) => `<li><span class="line ${kind}"></span>${name}</li>`);
  return `<ul class="keys" aria-hidden="true">${keys.join('')}</ul><div class="chart" role="img" aria-label="${label}">${charts.join('')}</div>`;
}
