import { within } from '../shared/within.js';
import { App } from './app.js';
import { augmentationPanel } from './augmentation-panel.js';
import { backendPicker } from './backend-picker.js';
import { examplesPanel } from './examples-panel.js';
import { exportPanel } from './export-panel.js';
import { isolate } from './isolation.js';
import { lossPanel } from './loss-panel.js';
import { mapPanel } from './map-panel.js';
import { attempt, notice } from './notices.js';
import { picturesPanel } from './pictures-panel.js';
import { themeButton } from './theme.js';
import { trainingPanel } from './training-panel.js';
import { usePanel } from './use-panel.js';

async function main(): Promise<void> {
  themeButton();
  if (!(await isolate())) return;
  const app = new App();
  app.on('trainer', (event) => {
    if (event.type === 'notice') notice(event.level, event.text);
  });
  picturesPanel(app);
  augmentationPanel(app);
  trainingPanel(app);
  mapPanel(app);
  examplesPanel(app);
  usePanel(app);
  exportPanel(app);
  lossPanel(app);
  await Promise.all([
    backendPicker(app),
    attempt(() => within(60, 'The part of the page that draws views and maps', app.side.ready())),
  ]);
  await attempt(async () => {
    const encoder = await within(30, 'The encoder that comes with the page', app.trainer.startingEncoder());
    if (encoder) app.tell('startingEncoder', encoder);
  });
  await attempt(async () => {
    const restored = await within(60, "The browser's storage", app.trainer.restore());
    if (!restored) return;
    app.setPictures(restored.pictures);
    if (!restored.state) return;
    app.tell('restored', restored.state);
    await app.trainer.measure();
  });
  document.documentElement.dataset.ready = 'yes';
}

void main();
