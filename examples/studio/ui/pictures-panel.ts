import { type DroppedFile, mostPictures, type Reading } from '../shared/pictures.js';
import type { App } from './app.js';
import { byId } from './dom.js';
import { chosenFiles, droppedFiles } from './dropped-files.js';
import { attempt, notice } from './notices.js';
import { PictureGrid } from './picture-grid.js';

const samples = 300;

/** Reports the result of reading files: how many were added, which were not, and why. */
function report({ added, leftAside, beyond }: Reading): void {
  if (beyond > 0) {
    const all = (added + leftAside.length + beyond).toLocaleString('en');
    const most = mostPictures.toLocaleString('en');
    notice('warning', `${all} pictures do not fit in a tab's memory: ${most} were added, evenly spread.`);
  }
  if (leftAside.length > 0) {
    const first = leftAside.slice(0, 3).map(({ path, reason }) => `${path} ${reason}`);
    const more = leftAside.length > 3 ? `; and ${leftAside.length - 3} more` : '';
    notice('warning', `Skipped: ${first.join('; ')}${more}.`);
  }
  if (added === 0 && leftAside.length === 0) notice('info', 'No new pictures found.');
}

/** Section 1: adding and showing pictures. */
export function picturesPanel(app: App): void {
  const state = byId('pictures-state');
  const reading = byId<HTMLProgressElement>('reading');
  const drop = byId('drop');
  const forget = byId<HTMLButtonElement>('forget');
  const files = byId<HTMLInputElement>('files');
  const folder = byId<HTMLInputElement>('folder');
  const grid = new PictureGrid(app, { label: 'Your pictures', perPage: 96 });
  byId('picture-grid').append(grid.root);

  const read = (list: DroppedFile[]) =>
    attempt(async () => {
      if (list.length === 0) return;
      state.textContent = 'Reading …';
      reading.hidden = false;
      try {
        const result = await app.trainer.addFiles(list);
        report(result.reading);
        app.setPictures(result.pictures);
      } finally {
        reading.hidden = true;
        describe();
      }
    });
  const describe = () => {
    const { names, groups } = app.pictures;
    const folders = new Set(groups.filter(Boolean)).size;
    state.textContent =
      names.length === 0
        ? 'No pictures yet.'
        : `${names.length.toLocaleString('en')} pictures${folders > 1 ? ` in ${folders} folders` : ''}.`;
    forget.hidden = names.length === 0;
  };

  app.on('pictures', ({ names }) => {
    grid.show(names.map((_, index) => index));
    describe();
  });
  app.on('trainer', (event) => {
    if (event.type !== 'reading') return;
    reading.value = event.done / Math.max(1, event.total);
    state.textContent = `Reading ${event.done} of ${event.total} …`;
  });
  byId('choose-files').addEventListener('click', () => files.click());
  byId('choose-folder').addEventListener('click', () => folder.click());
  for (const input of [files, folder]) {
    input.addEventListener('change', () => {
      const list = chosenFiles(input);
      input.value = ''; // so that the same files can be chosen again
      void read(list);
    });
  }
  byId('take-samples').addEventListener('click', () =>
    attempt(async () => app.setPictures((await app.trainer.addSamples(samples, 1)).pictures)),
  );
  forget.addEventListener('click', () =>
    attempt(async () => {
      await app.trainer.forget();
      app.trained = false;
      app.hasModel = false;
      app.setPictures({ ...app.pictures, names: [], groups: [], data: new Uint8Array(0) });
      app.tell('forgotten', undefined);
    }),
  );
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    drop.classList.add('over');
  });
  document.addEventListener('dragleave', () => drop.classList.remove('over'));
  document.addEventListener('drop', (event) => {
    event.preventDefault(); // otherwise the browser leaves the page to show the file
    drop.classList.remove('over');
    if (event.dataTransfer) void droppedFiles(event.dataTransfer).then(read);
  });
  describe();
}
