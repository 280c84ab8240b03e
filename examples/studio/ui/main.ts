import { within } from '../shared/within.js';
import { filesPanel } from './keep/files-panel.js';
import { resultPanel } from './keep/result-panel.js';
import { mapPanel } from './map/map-panel.js';
import { markedBar } from './map/marked-bar.js';
import { picturePanel } from './map/picture-panel.js';
import { App } from './page/app.js';
import { isolate } from './page/isolation.js';
import { attempt, notice } from './page/notices.js';
import { showMarks } from './page/picture-grid.js';
import { steps } from './page/steps.js';
import { themeButton } from './page/theme.js';
import { clipboard } from './pictures/clipboard.js';
import { beginWithSamples, picturesPanel } from './pictures/pictures-panel.js';
import { webcam } from './pictures/webcam.js';
import { augmentationPanel } from './training/augmentation-panel.js';
import { backendPicker } from './training/backend-picker.js';
import { examplesPanel } from './training/examples-panel.js';
import { lossPanel } from './training/loss-panel.js';
import { trainingPanel } from './training/training-panel.js';
import { duplicatesPanel } from './use/duplicates-panel.js';
import { namesPanel } from './use/names-panel.js';
import { subsetPanel } from './use/subset-panel.js';

async function main(): Promise<void> {
  themeButton();
  if (!(await isolate())) return;
  const app = new App();
  app.on('trainer', (event) => {
    if (event.type === 'notice') notice(event.level, event.text);
  });
  steps(app);
  const add = picturesPanel(app);
  clipboard(add);
  webcam(add);
  const shownMap = mapPanel(app);
  markedBar(app);
  picturePanel(app);
  augmentationPanel(app);
  trainingPanel(app);
  examplesPanel(app);
  namesPanel(app);
  duplicatesPanel(app);
  subsetPanel(app);
  resultPanel(app, shownMap);
  filesPanel(app);
  lossPanel(app);
  showMarks(app);
  await Promise.all([
    backendPicker(app),
    attempt(() => within(60, 'The part of the page that draws views and maps', app.side.ready())),
  ]);
  await attempt(async () => {
    const encoder = await within(30, 'The encoder that comes with the page', app.trainer.startingEncoder());
    if (encoder) app.tell('startingEncoder', encoder);
  });
  await attempt(() => begin(app));
  document.documentElement.dataset.ready = 'yes';
}

/** Shows what was there at the last visit, or on the first one the sample pictures. */
async function begin(app: App): Promise<void> {
  const restored = await within(60, "The browser's storage", app.trainer.restore());
  if (!restored) {
    await beginWithSamples(app);
    return;
  }
  app.trained = (restored.state?.step ?? 0) > 0;
  app.setPictures(restored.pictures);
  if (restored.state) app.restore(restored.state);
  app.setLabels(restored.labels);
}

void main();
