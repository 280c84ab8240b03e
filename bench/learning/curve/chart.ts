import { LineChart } from 'echarts/charts';
import { GridComponent, MarkLineComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { mean } from '../../statistics.js';
import type { Accuracies, CurveRun } from './result.js';

use([LineChart, GridComponent, MarkLineComponent, SVGRenderer]);

const sides = [
  { side: 'simclr-ts', name: 'simclr-ts', color: '#2f5bd8' },
  { side: 'pytorch', name: 'PyTorch', color: '#c2410c' },
] as const;

interface Level {
  name: string;
  isDashed: boolean;
  before: (run: CurveRun) => Accuracies;
  after: (run: CurveRun) => Accuracies;
}

const levels: readonly Level[] = [
  {
    name: 'read-out',
    isDashed: false,
    before: ({ evaluation }) => evaluation.readout.before,
    after: ({ evaluation }) => evaluation.readout.after,
  },
  {
    name: 'h',
    isDashed: true,
    before: ({ evaluation }) => evaluation.before,
    after: ({ evaluation }) => evaluation.after,
  },
];

const knnPercent = (accuracies: readonly Accuracies[]) =>
  Number((100 * mean(accuracies.map(({ knn }) => knn.accuracy))).toFixed(2));

/** Points of one line: before training, then a mean over seeds for each number of minutes. */
function points(runs: readonly CurveRun[], { before, after }: Level): [minutes: number, percent: number][] {
  const minutes = [...new Set(runs.map((run) => run.minutes))].sort((a, b) => a - b);
  const trained = minutes.map((each): [number, number] => [
    each,
    knnPercent(runs.filter((run) => run.minutes === each).map(after)),
  ]);
  return [[0, knnPercent(runs.map(before))], ...trained];
}

/** Accuracy of nearest neighbors over minutes of training as an SVG, for the runs of one data set. */
export function learningChart(runs: readonly CurveRun[]): string {
  const text = { color: '#57606a', fontSize: 13 };
  const lines = sides.flatMap(({ side, name, color }) => {
    const own = runs.filter((run) => run.side === side);
    if (own.length === 0) return [];
    return levels.map((level) => ({
      type: 'line' as const,
      data: points(own, level),
      symbol: 'circle',
      symbolSize: 7,
      color,
      lineStyle: { width: 2.5, type: level.isDashed ? ('dashed' as const) : ('solid' as const) },
      endLabel: { show: true, formatter: `${name}, ${level.name}`, color, fontSize: 13 },
      labelLayout: { moveOverlap: 'shiftY' as const },
    }));
  });
  const pixels = knnPercent(runs.map(({ evaluation }) => evaluation.whitenedPixels));
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 900, height: 380 });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: 'system-ui, sans-serif' },
    grid: { left: 56, right: 150, top: 40, bottom: 48 },
    xAxis: {
      type: 'value',
      name: 'minutes of training on two cores',
      nameLocation: 'middle',
      nameGap: 30,
      nameTextStyle: text,
      axisLabel: text,
      splitLine: { show: false },
    },
    yAxis: {
      type: 'value',
      name: 'nearest neighbors, % correct',
      nameTextStyle: { ...text, align: 'left', padding: [0, 0, 0, -44] },
      axisLabel: text,
      min: Math.floor(pixels / 5) * 5,
      scale: true,
    },
    series: [
      ...lines,
      {
        type: 'line',
        data: [],
        markLine: {
          symbol: 'none',
          silent: true,
          lineStyle: { color: '#8a909b', type: 'dotted', width: 1.5 },
          label: { position: 'insideEndTop', formatter: 'whitened pixels', ...text },
          data: [{ yAxis: pixels }],
        },
      },
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}
