import type { Example } from '../../shared/trainer-protocol.js';
import { groupByName } from '../map/groups.js';
import type { ShownMap } from '../map/map-panel.js';
import type { App } from '../page/app.js';
import { byId, counted, download, pictureCanvas } from '../page/dom.js';
import { attempt } from '../page/notices.js';
import { plainFigure } from '../training/plain-figures.js';
import { type Result, resultPage } from './result-page.js';

const fileName = 'result.html';

/** Pictures that are encoded before the page may draw a frame. */
const atATime = 25;

/** Pictures as data URLs. */
async function dataURLs(app: App, indices: readonly number[]): Promise<string[]> {
  const found: string[] = [];
  for (const [place, index] of indices.entries()) {
    if (place % atATime === 0) await new Promise(requestAnimationFrame);
    const canvas = pictureCanvas(app.pictures.data, app.start(index), app.pictures.size);
    found.push(canvas.toDataURL('image/jpeg', 0.82));
  }
  return found;
}

/** Step 5: a page to keep and to send. */
export function resultPanel(app: App, shown: () => ShownMap | undefined): void {
  const include = byId<HTMLInputElement>('result-pictures');
  const state = byId('result-state');
  const send = byId<HTMLButtonElement>('result-send');
  let examples: readonly Example[] = [];
  app.on('measured', (event) => {
    examples = event.examples;
  });

  const make = async (): Promise<string> => {
    const map = shown();
    const now = app.measurements.at(-1);
    if (!map || !now) throw new Error('The map is not ready yet. Wait until the pictures are sorted.');
    const pictures = include.checked;
    const named = app.labels.length > 0;
    const names = map.indices.map((index) => (named ? app.nameOf(index) : app.pictures.groups[index]!));
    const { groups, colors } = groupByName(names, named ? 'no name' : 'no folder');
    const result: Result = {
      date: new Date(),
      pictures: app.pictures.names.length,
      minutesTrained: app.trained ? app.secondsTrained / 60 : 0,
      figures: [plainFigure(now, app.before)],
      places: map.places,
      colors,
      // A name is what the person has chosen to say; what a folder is called may be private.
      groups: groups.map((group, number) =>
        named || pictures ? group : { ...group, name: `Folder ${number + 1}` },
      ),
      ...(map.before && { before: map.before }),
    };
    if (!pictures) return resultPage(result);
    const thumbnails = await dataURLs(app, map.indices);
    const neighbors = await Promise.all(
      examples.map(async ({ index, neighbors: nearest }) => {
        const [picture, ...others] = await dataURLs(app, [index, ...nearest]);
        return { title: app.title(index), picture: picture!, nearest: others };
      }),
    );
    return resultPage({ ...result, thumbnails, neighbors });
  };
  byId('result-download').addEventListener('click', () =>
    attempt(async () => {
      state.textContent = 'Writing …';
      try {
        const page = await make();
        download(fileName, page);
        state.textContent = `${fileName} is in your downloads: ${counted(Math.ceil(page.length / 1000), 'kilobyte')}. Open it in any browser.`;
      } catch (error) {
        state.textContent = '';
        throw error;
      }
    }),
  );
  send.hidden = !navigator.canShare?.({ files: [new File([''], fileName, { type: 'text/html' })] });
  send.addEventListener('click', () =>
    attempt(async () => {
      const file = new File([await make()], fileName, { type: 'text/html' });
      // Closing the dialog of the system is no error.
      await navigator.share({ files: [file], title: 'Sorted pictures' }).catch(() => {});
    }),
  );
  app.on('forgotten', () => {
    state.textContent = '';
  });
}
