import { fewestPictures } from '../../shared/pictures.js';
import type { MeasureEvent, StepEvent } from '../../shared/trainer-protocol.js';
import type { App, TrainingMode } from '../page/app.js';
import { about, byId } from '../page/dom.js';
import { attempt } from '../page/notices.js';
import { Duration } from './duration.js';
import { figureExplained, plainFigure } from './plain-figures.js';
import { trainingDetails } from './training-details.js';
import { SettingsForm } from './training-settings.js';

/** Step 3: training and its progress. */
export function trainingPanel(app: App): void {
  const start = byId<HTMLButtonElement>('start');
  const pause = byId<HTMLButtonElement>('pause');
  const stop = byId<HTMLButtonElement>('stop');
  const state = byId('train-state');
  const toGo = byId('to-go');
  const bar = byId<HTMLProgressElement>('train-progress');
  const next = byId('train-next');
  const settings = new SettingsForm();
  const duration = new Duration();
  let doneEpochs = 0;

  /** Passes in all when training begins now: those already done are followed by as many more. */
  const passes = () => {
    const { epochs } = settings.read();
    return app.trained && epochs <= doneEpochs ? doneEpochs + epochs : epochs;
  };
  const showStart = () => {
    const seconds = duration.of(passes() - (app.trained ? doneEpochs : 0), app.pictures.names.length);
    const time = seconds === undefined ? '' : ` for ${about(seconds)}`;
    start.textContent = app.trained ? `Train on${time}` : `Train${time}`;
    start.classList.toggle('main', !app.trained); // then the next step is the thing to do
    start.disabled = app.mode !== 'idle' || !app.hasModel || app.pictures.names.length < fewestPictures;
  };
  const setMode = (mode: TrainingMode) => {
    app.mode = mode;
    start.hidden = mode !== 'idle';
    for (const button of [pause, stop]) {
      button.hidden = mode === 'idle';
      button.disabled = mode === 'idle';
    }
    pause.textContent = mode === 'paused' ? 'Go on' : 'Pause';
    bar.hidden = mode === 'idle';
    toGo.textContent = '';
    next.hidden = mode !== 'idle' || !app.trained;
    settings.enabled = mode === 'idle';
    showStart();
    app.tell('training', mode);
  };
  const onStep = (event: StepEvent) => {
    doneEpochs = event.epoch + 1;
    app.secondsTrained = event.secondsTrained;
    duration.measure(event.pairsPerSecond);
    bar.value = Math.min(1, doneEpochs / event.epochs);
    state.dataset.step = String(event.step);
    const text = Number.isFinite(event.etaSeconds) ? `${about(event.etaSeconds)} to go` : '';
    if (app.mode === 'running' && toGo.textContent !== text) toGo.textContent = text;
  };
  const onMeasure = (event: MeasureEvent) => {
    if (event.version !== app.pictures.version) return; // of pictures that others have replaced
    duration.estimate(event.viewsPerSecond);
    app.measured(event);
    showStart();
  };
  app.on('trainer', (event) => {
    if (event.type === 'step') onStep(event);
    else if (event.type === 'measure') onMeasure(event);
    else if (event.type === 'saved' && app.mode !== 'idle') state.dataset.saved = String(event.step);
  });

  /** Sorts the pictures by what the network sees: the one that was trained, or one that nobody trained. */
  const sort = () =>
    attempt(async () => {
      const { version } = app.pictures;
      app.tell('sorting', true);
      try {
        if (app.trained) await app.trainer.measure();
        else await app.trainer.prepare(settings.read(), app.augmentation);
      } finally {
        if (version === app.pictures.version) app.tell('sorting', false);
      }
    });
  const train = () =>
    attempt(async () => {
      const chosen = { ...settings.read(), epochs: passes() };
      settings.show(chosen);
      state.textContent = 'Training. You can keep looking around meanwhile.';
      bar.value = 0;
      setMode('running');
      pause.focus({ preventScroll: true }); // it takes the place of the button that was pressed
      try {
        const outcome = await app.trainer.train(chosen, app.augmentation);
        app.trained = true;
        state.textContent =
          outcome === 'completed' ? 'Training is done.' : 'Training was stopped. It can continue from here.';
        app.tell('trained', undefined);
      } catch (error) {
        state.textContent = 'Training ended with an error. What was learned until then is kept; try again.';
        throw error;
      } finally {
        const had = [pause, stop].includes(document.activeElement as HTMLButtonElement);
        setMode('idle');
        if (had) start.focus({ preventScroll: true });
      }
    });
  start.addEventListener('click', () => void train());
  pause.addEventListener('click', () => {
    const paused = app.mode === 'running';
    void (paused ? app.trainer.pause() : app.trainer.resume());
    state.textContent = paused ? 'Paused.' : 'Training. You can keep looking around meanwhile.';
    setMode(paused ? 'paused' : 'running');
  });
  stop.addEventListener('click', () => {
    state.textContent = 'Stopping …';
    void app.trainer.stop();
  });
  settings.onInput(showStart);
  app.on('startingEncoder', (encoder) => settings.offer(encoder));
  app.on('pictures', () => {
    const { length } = app.pictures.names;
    if (app.mode === 'idle') {
      if (!app.trained) settings.suggestFor(length);
      if (length >= fewestPictures) void sort();
      else app.tell('sorting', false);
    }
    setMode(app.mode);
  });
  app.on('forgotten', () => {
    doneEpochs = 0;
    bar.value = 0;
    state.textContent = '';
    delete state.dataset.step;
    setMode('idle');
  });
  app.on('restored', (restored) => {
    settings.show(restored.settings);
    doneEpochs = restored.epoch;
    app.secondsTrained = restored.secondsTrained;
    if (app.trained) {
      state.textContent = `What was learned at your last visit is here, after ${restored.step} steps. “Train on” continues.`;
    }
    setMode('idle');
  });
  figurePanel(app);
  trainingDetails(app);
  setMode('idle');
}

/** One plain figure, and what it was before training. */
function figurePanel(app: App): void {
  const place = byId('plain-figure');
  const text = byId('plain-figure-text');
  const help = byId('plain-figure-help');
  const show = () => {
    const now = app.measurements.at(-1);
    place.hidden = now === undefined;
    if (!now) return;
    text.textContent = plainFigure(now, app.before);
    help.textContent = figureExplained(now);
  };
  for (const event of ['measured', 'restored', 'forgotten'] as const) app.on(event, show);
}
