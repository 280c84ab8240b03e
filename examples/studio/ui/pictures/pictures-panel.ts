import { type DroppedFile, mostOnMap, mostPictures, type Reading } from '../../shared/pictures.js';
import type { App } from '../page/app.js';
import { byId, counted } from '../page/dom.js';
import { attempt, notice } from '../page/notices.js';
import { PictureGrid } from '../page/picture-grid.js';
import { chosenFiles, droppedFiles } from './dropped-files.js';

const usualSamples = 300;
const mostSamples = mostOnMap;

/** Adds the pictures among files to those of the visit. */
export type AddFiles = (files: DroppedFile[]) => Promise<void>;

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

/** How many sample pictures the address of the page asks for: `?samples=0` opens it without any. */
function samplesAsked(): number {
  const asked = new URLSearchParams(location.search).get('samples');
  if (asked === null) return usualSamples;
  if (/^\d+$/.test(asked) && Number(asked) <= mostSamples) return Number(asked);
  notice(
    'warning',
    `"samples" in the address must be an integer from 0 to ${mostSamples}, not "${asked}". There are ${usualSamples}.`,
  );
  return usualSamples;
}

/** Shows the sample pictures of a first visit. */
export async function beginWithSamples(app: App): Promise<void> {
  const count = samplesAsked();
  if (count > 0) await takeSamples(app, count);
  else app.forget();
}

async function takeSamples(app: App, count: number): Promise<void> {
  app.added(await app.trainer.addSamples(count, 1));
}

/** Step 1: adding pictures. @returns what adds files of other sources */
export function picturesPanel(app: App): AddFiles {
  const state = byId('pictures-state');
  const busy = byId('reading-box');
  const reading = byId<HTMLProgressElement>('reading');
  const forget = byId<HTMLButtonElement>('forget');
  const sample = byId<HTMLButtonElement>('take-samples');
  const files = byId<HTMLInputElement>('files');
  const folder = byId<HTMLInputElement>('folder');
  const grid = new PictureGrid(app, { label: 'All pictures', perPage: 96 });
  byId('picture-grid').append(grid.root);

  const add: AddFiles = async (list) => {
    if (list.length === 0) return;
    await attempt(async () => {
      busy.hidden = false;
      reading.value = 0;
      const { trained, pictures } = app;
      try {
        const added = await app.trainer.addFiles(list);
        report(added.reading);
        if (added.replaced && trained && pictures.samples) {
          notice('info', 'Your pictures have replaced the samples, and what was learned from them.');
        }
        app.added(added);
      } finally {
        busy.hidden = true;
      }
    });
  };
  const describe = () => {
    const { names, groups, samples: only } = app.pictures;
    const folders = new Set(groups.filter(Boolean)).size;
    const where = folders > 1 ? ` in ${folders} folders` : '';
    state.textContent =
      names.length === 0
        ? 'No pictures yet. Add your own, or look at the samples.'
        : only
          ? `${counted(names.length, 'sample picture')}. Add your own to begin.`
          : `${counted(names.length, 'picture')}${where}.`;
    forget.hidden = names.length === 0 || only;
    sample.hidden = names.length > 0;
  };

  app.on('pictures', ({ names }) => {
    grid.show(names.map((_, index) => index));
    describe();
  });
  app.on('trainer', (event) => {
    if (event.type === 'reading') reading.value = event.done / Math.max(1, event.total);
  });
  byId('choose-files').addEventListener('click', () => files.click());
  byId('choose-folder').addEventListener('click', () => folder.click());
  for (const input of [files, folder]) {
    input.addEventListener('change', () => {
      const list = chosenFiles(input);
      input.value = ''; // so that the same files can be chosen again
      void add(list);
    });
  }
  sample.addEventListener('click', () => attempt(() => takeSamples(app, samplesAsked() || usualSamples)));
  forget.addEventListener('click', () =>
    attempt(async () => {
      await app.trainer.forget();
      app.forget();
    }),
  );
  takeDrops(add);
  return add;
}

/** Takes what is dropped anywhere on the page. */
function takeDrops(add: AddFiles): void {
  const { body } = document;
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    body.classList.add('over');
  });
  document.addEventListener('dragleave', ({ relatedTarget }) => {
    if (!relatedTarget) body.classList.remove('over'); // the pointer has left the page
  });
  document.addEventListener('drop', (event) => {
    event.preventDefault(); // otherwise the browser leaves the page to show the file
    body.classList.remove('over');
    if (event.dataTransfer) void droppedFiles(event.dataTransfer).then(add);
  });
}
