import { LineChart } from 'echarts/charts';
import { GridComponent, TooltipComponent } from 'echarts/components';
import { type EChartsType, init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { element, percent } from '../page/dom.js';

use([LineChart, GridComponent, TooltipComponent, CanvasRenderer]);

/** A line: its name and points. */
export interface Line {
  name: string;
  points: [x: number, y: number][];
  /** Whether its values are shares of one, drawn as percentages on an axis of their own. */
  share?: boolean;
}

/** A chart of lines over steps, in the page's colors. */
export class LinesChart {
  /** Made when there is room to draw: charts lie behind "Details". */
  private chart: EChartsType | undefined;
  /** Below the chart, where it covers nothing. */
  private readonly legend = element('ul', { className: 'legend' });
  private lines: Line[] = [];
  private due = 0;

  constructor(private readonly place: HTMLElement) {
    place.after(this.legend);
    place.role = 'img';
    place.ariaLabel = this.described();
    new ResizeObserver(() => {
      this.chart?.resize();
      this.draw();
    }).observe(place);
    addEventListener('resize', () => this.draw()); // also sent when the theme changes
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw());
  }

  /** Draws at most once a second: a chart must not take the page's time. */
  show(lines: Line[]): void {
    this.lines = lines;
    if (this.due) return;
    this.due = window.setTimeout(() => {
      this.due = 0;
      this.draw();
    }, 1000);
  }

  /** A text version of the chart: the first and last value of each line. */
  private described(): string {
    const texts = this.lines
      .filter(({ points }) => points.length > 0)
      .map(({ name, points, share }) => {
        const text = (value: number) => (share ? percent(value) : value.toPrecision(3));
        const [first, last] = [points[0]!, points.at(-1)!];
        return `${name}: ${text(first[1])} at step ${first[0]}, ${text(last[1])} at step ${last[0]}`;
      });
    return texts.length > 0 ? `Chart. ${texts.join('; ')}` : 'Chart: empty until training begins';
  }

  draw(): void {
    this.place.ariaLabel = this.described();
    if (this.place.clientWidth === 0) return;
    this.chart ??= init(this.place);
    const style = getComputedStyle(this.place);
    const ink = style.getPropertyValue('--soft');
    const line = style.getPropertyValue('--line');
    const axis = {
      axisLabel: { color: ink },
      splitLine: { lineStyle: { color: line } },
      nameTextStyle: { color: ink },
    };
    const colors = [style.getPropertyValue('--accent'), '#f28e2b', '#17a2a2'];
    this.legend.replaceChildren(
      ...this.lines.map(({ name }, number) => {
        const dot = element('span', { className: 'dot' });
        dot.style.background = colors[number]!;
        return element('li', {}, dot, name);
      }),
    );
    const shares = this.lines.some(({ share }) => share);
    const others = this.lines.some(({ share }) => !share);
    this.chart.setOption(
      {
        animation: false,
        color: colors,
        grid: { left: 44, right: shares && others ? 44 : 14, top: 12, bottom: 26 },
        tooltip: { trigger: 'axis' },
        xAxis: { type: 'value', min: 'dataMin', max: 'dataMax', ...axis, splitLine: { show: false } },
        yAxis: [
          { type: 'value', scale: true, show: others, ...axis },
          {
            type: 'value',
            min: 0,
            max: 1,
            show: shares,
            ...axis,
            axisLabel: { color: ink, formatter: (value: number) => `${Math.round(100 * value)} %` },
          },
        ],
        series: this.lines.map(({ name, points, share }) => ({
          type: 'line',
          name,
          data: points,
          yAxisIndex: share ? 1 : 0,
          showSymbol: points.length < 30,
          symbolSize: 5,
          sampling: 'lttb',
          lineStyle: { width: 2 },
        })),
      },
      { replaceMerge: ['series'] },
    );
  }
}
