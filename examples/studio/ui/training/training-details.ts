import type { MeasureEvent, SessionState, StepEvent } from '../../shared/trainer-protocol.js';
import type { App } from '../page/app.js';
import { byId, duration, element, percent } from '../page/dom.js';
import { type Line, LinesChart } from './charts.js';

const mostPoints = 2000;

/** What engineers want to know of training: numbers and charts. */
export function trainingDetails(app: App): void {
  const figures = byId('figures');
  const lossChart = new LinesChart(byId('loss-chart'));
  const qualityChart = new LinesChart(byId('quality-chart'));
  let losses: [number, number][] = [];
  let memory: MeasureEvent['memory'] | undefined;
  let last: StepEvent | undefined;

  const showFigures = () => {
    const now = app.measurements.at(-1);
    const first = app.measurements[0];
    const facts: [string, string][] = [];
    if (last) {
      facts.push(['Loss', last.loss.toFixed(3)]);
      facts.push(['Pairs per second', last.pairsPerSecond.toFixed(0)]);
      facts.push(['Pass', `${last.epoch + 1} of ${last.epochs}`]);
      facts.push(['To go', duration(last.etaSeconds)]);
    }
    if (now && first) {
      facts.push(['Other view found', `${percent(first.viewMatch)} → ${percent(now.viewMatch)}`]);
      if (now.groupMatch !== undefined && first.groupMatch !== undefined) {
        const match = `${percent(first.groupMatch)} → ${percent(now.groupMatch)}`;
        facts.push(['Nearest of the same folder', match]);
      }
      facts.push(['Effective rank', `${now.effectiveRank.toFixed(1)} of ${now.dim}`]);
    }
    if (memory) facts.push(['Tensors', `${memory.tensors}, ${(memory.bytes / 2 ** 20).toFixed(0)} MiB`]);
    figures.replaceChildren(
      ...facts.map(([name, value]) =>
        element('div', {}, element('dt', { textContent: name }), element('dd', { textContent: value })),
      ),
    );
  };
  const show = () => {
    const { measurements } = app;
    showFigures();
    lossChart.show([{ name: 'loss', points: losses }]);
    const lines: Line[] = [
      { name: 'other view found', share: true, points: measurements.map((m) => [m.step, m.viewMatch]) },
      { name: 'effective rank', points: measurements.map((m) => [m.step, m.effectiveRank]) },
    ];
    if (measurements.some(({ groupMatch }) => groupMatch !== undefined)) {
      const points = measurements.map((m): [number, number] => [m.step, m.groupMatch ?? 0]);
      lines.push({ name: 'same folder', share: true, points });
    }
    qualityChart.show(lines);
  };
  app.on('trainer', (event) => {
    if (event.type !== 'step') return;
    last = event;
    losses.push([event.step, event.loss]);
    if (losses.length > mostPoints) losses = losses.filter((_, index) => index % 2 === 0);
    show();
  });
  app.on('measured', (event) => {
    if (event.measurement.step === 0) losses = [];
    memory = event.memory;
    show();
  });
  app.on('forgotten', () => {
    losses = [];
    last = undefined;
    show();
  });
  app.on('restored', (restored: SessionState) => {
    losses = restored.losses.map(({ step, loss }) => [step, loss]);
    show();
  });
}
