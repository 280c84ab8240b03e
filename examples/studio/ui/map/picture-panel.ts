import { mostOnMap } from '../../shared/pictures.js';
import type { App } from '../page/app.js';
import { byId, counted, pictureCanvas } from '../page/dom.js';
import { attempt } from '../page/notices.js';
import { PictureGrid } from '../page/picture-grid.js';

const neighborsShown = 12;

/** Whether some of an element is seen, more than its edge. */
function isSeen(element: HTMLElement): boolean {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 160 && top < innerHeight - 160;
}

/** With many pictures, the first search takes as long as it takes to look at each. */
function lookingAt({ pictures }: App): string {
  const { length } = pictures.names;
  return length > mostOnMap
    ? `Looking … The first search compares all ${counted(length, 'picture')}; the next ones are quick.`
    : 'Looking …';
}

/** The panel beside the map: the chosen picture, and the ones that are most like it. */
export function picturePanel(app: App): void {
  const panel = byId('picture-panel');
  const large = byId('picture-large');
  const title = byId('picture-title');
  const facts = byId('picture-facts');
  const mark = byId<HTMLButtonElement>('picture-mark');
  const state = byId('neighbors-state');
  const similarity = new Map<number, number>();
  const grid = new PictureGrid(app, {
    label: 'Most similar pictures',
    describe: (index) => `similarity ${similarity.get(index)?.toFixed(3)}`,
  });
  byId('neighbors').append(grid.root);
  let chosen: number | undefined;
  let turn = 0;

  const showMark = () => {
    const on = chosen !== undefined && app.marked.has(chosen);
    mark.ariaPressed = String(on);
    mark.textContent = on ? 'Marked' : 'Mark';
  };
  const showFacts = (index: number) => {
    const group = app.pictures.groups[index];
    const name = app.nameOf(index);
    facts.textContent = [group && `Folder: ${group}`, name && `Name: ${name}`].filter(Boolean).join(' · ');
  };
  const search = (index: number) =>
    attempt(async () => {
      const now = ++turn;
      state.textContent = app.hasModel ? lookingAt(app) : 'Similar pictures appear here once all are sorted.';
      if (!app.hasModel) return;
      const found = await app.trainer.neighbors(index, neighborsShown);
      if (now !== turn) return;
      state.textContent = 'Most similar to it:';
      similarity.clear();
      for (const neighbor of found) similarity.set(neighbor.index, neighbor.similarity);
      const near = found.map((neighbor) => neighbor.index);
      grid.show(near);
      app.tell('near', near);
    });
  app.on('chosen', (index) => {
    const { activeElement } = document;
    const walked = panel.contains(activeElement) && byId('neighbors').contains(activeElement);
    chosen = index;
    turn++;
    panel.hidden = index === undefined;
    grid.show([]);
    if (index === undefined) return;
    const { data, size } = app.pictures;
    large.replaceChildren(pictureCanvas(data, app.start(index), size));
    title.textContent = app.title(index);
    showFacts(index);
    showMark();
    // Where a picture far from the map was clicked, the panel comes to it.
    panel.classList.toggle('floating', !isSeen(byId('map')));
    if (walked) title.focus({ preventScroll: true }); // its button has gone with the earlier ones
    void search(index);
    panel.scrollIntoView({ block: 'nearest' });
  });
  app.on('marked', showMark);
  app.on('labels', () => chosen !== undefined && showFacts(chosen));
  app.on('named', () => chosen !== undefined && showFacts(chosen));
  mark.addEventListener('click', () => {
    if (chosen !== undefined) app.mark([chosen], !app.marked.has(chosen));
  });
  byId('picture-close').addEventListener('click', () => {
    app.tell('chosen', undefined);
    byId('map').focus({ preventScroll: true });
  });
}
