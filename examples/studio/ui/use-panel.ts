import type { NamedPictures, ProbeResult } from '../shared/trainer-protocol.js';
import type { App } from './app.js';
import { byId, element, percent } from './dom.js';
import { attempt, notice } from './notices.js';
import { PictureGrid, takeMarked } from './picture-grid.js';

const neighborsShown = 12;

/** A title and pictures. */
function pictureSet(
  app: App,
  title: string,
  indices: readonly number[],
  describe?: (index: number) => string,
): HTMLElement {
  const grid = new PictureGrid(app, { label: title, perPage: 48, ...(describe && { describe }) });
  grid.show(indices);
  return element('div', { className: 'set' }, element('p', { textContent: title }), grid.root);
}

/** Search: a chosen picture's nearest. */
function searchPanel(app: App): void {
  const place = byId('neighbors');
  let turn = 0;
  app.on('chosen', (index) =>
    attempt(async () => {
      if (!app.hasModel) return;
      const now = ++turn;
      const found = await app.trainer.neighbors(index, neighborsShown);
      if (now !== turn) return;
      const similarity = new Map(found.map((neighbor) => [neighbor.index, neighbor.similarity]));
      place.replaceChildren(
        pictureSet(
          app,
          `Nearest to ${app.title(index)}`,
          [index, ...found.map((neighbor) => neighbor.index)],
          (shown) =>
            shown === index ? 'the picture itself' : `similarity ${similarity.get(shown)!.toFixed(3)}`,
        ),
      );
    }),
  );
  app.on('forgotten', () => place.replaceChildren());
}

/** Duplicates: groups of pictures above a similarity. */
function duplicatesPanel(app: App): void {
  const place = byId('duplicates');
  byId('duplicates-form').addEventListener('submit', (event) => {
    event.preventDefault();
    void attempt(async () => {
      const similarity = Number(byId<HTMLInputElement>('similarity').value);
      const groups = await app.trainer.duplicates(similarity);
      const number = groups.length === 1 ? 'One group' : `${groups.length} groups`;
      const title = groups.length === 0 ? 'No duplicates.' : `${number} that may be duplicates.`;
      place.replaceChildren(
        element('p', { textContent: title }),
        ...groups.slice(0, 30).map((group) => pictureSet(app, `${group.length} alike`, group)),
      );
    });
  });
  app.on('forgotten', () => place.replaceChildren());
}

/** Labels: the person names a few pictures, and the linear probe names the rest. */
function labelsPanel(app: App): void {
  const form = byId<HTMLFormElement>('label-form');
  const name = byId<HTMLInputElement>('label-name');
  const place = byId('labels');
  const result = byId('labeled');
  let labels: NamedPictures[] = [];

  const show = () => {
    place.replaceChildren(
      ...labels.map(({ name: label, indices }) =>
        pictureSet(app, `${label}: ${indices.length} named`, indices),
      ),
    );
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const label = name.value.trim();
    if (label === '') {
      notice('info', 'Write a name first.');
      return;
    }
    const marked = takeMarked();
    if (marked.length === 0) {
      notice('info', 'Mark pictures first: Shift and a click, or the key M.');
      return;
    }
    const elsewhere = labels.map((other) => ({
      ...other,
      indices: other.indices.filter((index) => !marked.includes(index)),
    }));
    const same = elsewhere.find((other) => other.name === label);
    if (same) same.indices.push(...marked);
    else elsewhere.push({ name: label, indices: marked });
    labels = elsewhere.filter(({ indices }) => indices.length > 0);
    name.value = '';
    show();
  });
  const showResult = ({ names, classes, confidence }: ProbeResult) => {
    result.replaceChildren(
      ...names.map((label, number) => {
        const members = [...classes.keys()].filter((index) => classes[index] === number);
        members.sort((a, b) => confidence[b]! - confidence[a]!);
        const describe = (index: number) => `${label}, ${percent(confidence[index]!)} sure`;
        return pictureSet(app, `${label}: ${members.length} pictures, surest first`, members, describe);
      }),
    );
  };
  byId('probe').addEventListener(
    'click',
    () => void attempt(async () => showResult(await app.trainer.probe(labels))),
  );
  app.on('restored', (state) => {
    labels = state.labels;
    show();
  });
  app.on('forgotten', () => {
    takeMarked();
    labels = [];
    show();
    result.replaceChildren();
  });
}

/** Section 4: uses of the vectors. */
export function usePanel(app: App): void {
  searchPanel(app);
  duplicatesPanel(app);
  labelsPanel(app);
}
