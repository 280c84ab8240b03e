import { fewestPictures } from '../shared/pictures.js';
import type { MeasureEvent, Measurement, StepEvent } from '../shared/trainer-protocol.js';
import type { App } from './app.js';
import { type Line, LinesChart } from './charts.js';
import { byId, duration, element, percent } from './dom.js';
import { attempt } from './notices.js';
import { SettingsForm } from './training-settings.js';

const mostPoints = 2000;

/** Section 3: training and its progress. */
export function trainingPanel(app: App): void {
  const start = byId<HTMLButtonElement>('start');
  const pause = byId<HTMLButtonElement>('pause');
  const stop = byId<HTMLButtonElement>('stop');
  const state = byId('train-state');
  const bar = byId<HTMLProgressElement>('train-progress');
  const figures = byId('figures');
  const settings = new SettingsForm();
  const lossChart = new LinesChart(byId('loss-chart'));
  const qualityChart = new LinesChart(byId('quality-chart'));
  let losses: [number, number][] = [];
  let measurements: Measurement[] = [];
  let doneEpochs = 0;
  let memory: MeasureEvent['memory'] | undefined;
  let mode: 'running' | 'paused' | 'idle' = 'idle';

  const setMode = (next: typeof mode) => {
    mode = next;
    start.disabled = mode !== 'idle' || app.pictures.names.length < fewestPictures;
    start.textContent = app.trained ? 'Train on' : 'Train';
    pause.disabled = mode === 'idle';
    pause.textContent = mode === 'paused' ? 'Resume' : 'Pause';
    stop.disabled = mode === 'idle';
    settings.enabled = mode === 'idle';
    app.tell('training', mode);
  };
  const showFigures = (last: StepEvent | undefined) => {
    const now = measurements.at(-1);
    const first = measurements[0];
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
        facts.push([
          'Nearest of the same folder',
          `${percent(first.groupMatch)} → ${percent(now.groupMatch)}`,
        ]);
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
  const drawCharts = () => {
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
  const forget = () => {
    losses = [];
    measurements = [];
    doneEpochs = 0;
    bar.value = 0;
    state.textContent = '';
    showFigures(undefined);
    drawCharts();
    setMode('idle');
  };

  let last: StepEvent | undefined;
  const onStep = (event: StepEvent) => {
    last = event;
    losses.push([event.step, event.loss]);
    if (losses.length > mostPoints) losses = losses.filter((_, index) => index % 2 === 0);
    doneEpochs = event.epoch + 1;
    bar.value = Math.min(1, (event.epoch + 1) / event.epochs);
    state.dataset.step = String(event.step);
    showFigures(event);
    drawCharts();
  };
  const onMeasure = (event: MeasureEvent) => {
    if (event.measurement.step === 0) {
      losses = [];
      measurements = [];
    }
    if (measurements.at(-1)?.step === event.measurement.step) measurements.pop();
    measurements.push(event.measurement);
    memory = event.memory;
    app.hasModel = true;
    app.trained = event.measurement.step > 0;
    if (mode === 'idle') setMode(mode);
    app.tell('measured', event);
    showFigures(last);
    drawCharts();
  };
  app.on('trainer', (event) => {
    if (event.type === 'step') onStep(event);
    else if (event.type === 'measure') onMeasure(event);
    else if (event.type === 'saved' && mode !== 'idle') state.dataset.saved = String(event.step);
  });

  /** Sorts the pictures by what a network sees that nobody trained. */
  const prepare = () =>
    attempt(async () => {
      state.textContent = 'Comparing the pictures …';
      await app.trainer.prepare(settings.read(), app.augmentation);
      if (mode === 'idle' && !app.trained) {
        state.textContent = app.hasModel
          ? 'This is what a network sees that has learned nothing yet. “Train” makes it better.'
          : '';
      }
    });
  const train = () =>
    attempt(async () => {
      const chosen = settings.read();
      if (app.trained && chosen.epochs <= doneEpochs) {
        chosen.epochs = doneEpochs + chosen.epochs; // already done: train as many more
        settings.show(chosen);
      }
      state.textContent = 'Training …';
      setMode('running');
      try {
        const outcome = await app.trainer.train(chosen, app.augmentation);
        app.trained = true;
        state.textContent =
          outcome === 'completed' ? 'Training is done.' : 'Training was stopped; it can continue.';
      } catch (error) {
        state.textContent = 'Training ended with an error.';
        throw error;
      } finally {
        setMode('idle');
      }
    });
  start.addEventListener('click', () => void train());
  pause.addEventListener('click', () => {
    const paused = mode === 'running';
    void (paused ? app.trainer.pause() : app.trainer.resume());
    state.textContent = paused ? 'Paused.' : 'Training …';
    setMode(paused ? 'paused' : 'running');
  });
  stop.addEventListener('click', () => {
    state.textContent = 'Stopping …';
    void app.trainer.stop();
  });
  app.on('startingEncoder', (encoder) => settings.offer(encoder));
  app.on('pictures', () => {
    const { length } = app.pictures.names;
    if (mode === 'idle' && !app.trained) {
      settings.suggestFor(length);
      if (length >= fewestPictures) void prepare();
    }
    setMode(mode);
  });
  app.on('forgotten', forget);
  app.on('restored', (restored) => {
    settings.show(restored.settings);
    losses = restored.losses.map(({ step, loss }) => [step, loss]);
    measurements = restored.measurements;
    doneEpochs = restored.epoch;
    app.trained = restored.step > 0;
    bar.value = Math.min(1, restored.epoch / restored.settings.epochs);
    if (app.trained) {
      state.textContent = `A model of your last visit is here, after ${restored.step} steps. “Train on” continues.`;
    }
    showFigures(undefined);
    drawCharts();
    setMode('idle');
  });
  setMode('idle');
}
