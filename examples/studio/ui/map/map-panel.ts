import { fewestPictures, mostOnMap, spreadIndices } from '../../shared/pictures.js';
import type { App } from '../page/app.js';
import { byId, counted, element } from '../page/dom.js';
import { groupByName } from './groups.js';
import { lasso } from './lasso.js';
import { Layouts } from './layouts.js';
import { MapView } from './map-view.js';
import { mapZoom } from './map-zoom.js';

const keysText =
  'Arrow keys move it, plus and minus zoom, Enter chooses the picture in the middle, M marks it.';

/** The map as it is now, for a page to keep. */
export interface ShownMap {
  indices: readonly number[];
  places: ArrayLike<number>;
  before?: ArrayLike<number>;
}

/** Step 2: the map. @returns what gives the map of now, once there is one */
export function mapPanel(app: App): () => ShownMap | undefined {
  const canvas = byId<HTMLCanvasElement>('map');
  const look = byId('look');
  const state = byId('map-state');
  const lassoButton = byId<HTMLButtonElement>('lasso');
  canvas.role = 'application'; // keys act on it
  canvas.tabIndex = 0;
  const view = new MapView(canvas);
  const isLasso = () => lassoButton.ariaPressed === 'true';
  const zoom = mapZoom(view, isLasso);
  let sorting = true; // until it is known what is there

  const describe = () => {
    const { length } = app.pictures.names;
    const shown = view.indices.length;
    const part =
      shown < length
        ? `${shown.toLocaleString('en')} of your ${counted(length, 'picture')}`
        : counted(length, 'picture');
    canvas.ariaLabel = `Map of ${part}. Similar ones are near each other. ${keysText}`;
    look.classList.toggle('empty', length === 0);
    look.classList.toggle('busy', sorting);
    state.textContent = describeMap(app, sorting, shown < length ? `${part}, evenly spread. ` : '');
  };
  const compare = beforeAndNow(app, view);
  const color = colorBy(app, view);
  const layouts = new Layouts(app, (step, indices) => {
    canvas.dataset.step = String(step);
    canvas.dataset.pictures = String(indices.length);
    compare.update(layouts);
  });
  app.on('pictures', (pictures) => {
    look.classList.toggle('empty', pictures.names.length === 0); // it is larger then
    zoom.reset();
    layouts.now = undefined;
    view.show(pictures, spreadIndices(pictures.names.length, mostOnMap));
    delete canvas.dataset.step;
    color();
    compare.update(layouts);
    describe();
  });
  app.on('sorting', (value) => {
    sorting = value;
    describe();
  });
  app.on('measured', describe);
  app.on('trained', () => compare.update(layouts));
  app.on('marked', (marked) => {
    view.emphasis = { ...view.emphasis, marked };
    view.ask();
  });
  app.on('chosen', (chosen) => {
    view.emphasis = { ...view.emphasis, chosen, near: [] };
    view.ask();
  });
  app.on('near', (near) => {
    view.emphasis = { ...view.emphasis, near };
    view.ask();
  });
  const setLasso = (on: boolean) => {
    lassoButton.ariaPressed = String(on);
    canvas.classList.toggle('lasso', on);
  };
  lassoButton.addEventListener('click', () => setLasso(!isLasso()));
  look.addEventListener('keydown', ({ key }) => {
    if (key !== 'Escape') return;
    if (isLasso()) setLasso(false);
    else app.tell('chosen', undefined);
  });
  lasso(view, isLasso, (indices) => app.mark(indices, true));
  canvas.addEventListener('click', ({ offsetX, offsetY, shiftKey }) => {
    if (isLasso()) return;
    const index = view.at(offsetX, offsetY);
    if (index !== undefined && shiftKey) app.mark([index], !app.marked.has(index));
    else app.tell('chosen', index);
  });
  canvas.addEventListener('keydown', ({ key }) => {
    const index = view.middle();
    if (index === undefined) return;
    if (key === 'Enter') app.tell('chosen', index);
    if (key === 'm' || key === 'M') app.mark([index], !app.marked.has(index));
  });
  byId('zoom-in').addEventListener('click', zoom.zoomIn);
  byId('zoom-out').addEventListener('click', zoom.zoomOut);
  byId('zoom-reset').addEventListener('click', zoom.reset);
  describe();
  return () => {
    const { now: places, before, hasBefore } = layouts;
    if (places?.length !== 2 * view.indices.length) return undefined;
    return { indices: view.indices, places, ...(hasBefore && { before: before!.places }) };
  };
}

/** What the map does, or waits for. */
function describeMap({ pictures, hasModel }: App, sorting: boolean, part: string): string {
  const { length } = pictures.names;
  const missing = fewestPictures - length;
  if (length === 0) return sorting ? 'Starting …' : 'The map shows your pictures as soon as there are some.';
  if (sorting) return `Sorting ${counted(length, 'picture')} …`;
  if (hasModel) return `${part}Similar pictures are near each other. Click one.`;
  if (missing > 0) return `Add ${counted(missing, 'more picture')}, and they sort themselves.`;
  return 'These pictures could not be compared. Add others.';
}

/** The switch between the map before training and now. */
function beforeAndNow(app: App, view: MapView) {
  const place = byId('compare');
  const [before, now] = [byId<HTMLButtonElement>('show-before'), byId<HTMLButtonElement>('show-now')];
  let shown: Layouts | undefined;
  const show = (isBefore: boolean) => {
    before.ariaPressed = String(isBefore);
    now.ariaPressed = String(!isBefore);
    const places = isBefore ? Float32Array.from(shown!.before!.places) : shown?.now;
    if (places?.length === 2 * view.indices.length) view.moveTo(places);
  };
  before.addEventListener('click', () => show(true));
  now.addEventListener('click', () => show(false));
  app.on('forgotten', () => {
    place.hidden = true;
  });
  return {
    update(layouts: Layouts) {
      shown = layouts;
      place.hidden = !layouts.hasBefore;
      if (place.hidden || before.ariaPressed !== 'true') show(false);
    },
  };
}

/** The choice of colors, and what they mean, below the map. */
function colorBy(app: App, view: MapView): () => void {
  const select = byId<HTMLSelectElement>('color-by');
  const legend = byId('legend');
  let chosen: string | undefined;
  const update = () => {
    const folders = new Set(app.pictures.groups).size > 1;
    const names = app.labels.length > 0 || app.named !== undefined;
    const offered = [folders && 'folder', names && 'name', 'nothing'].filter((each) => each !== false);
    const by = chosen && offered.includes(chosen) ? chosen : names ? 'name' : offered[0]!;
    select.replaceChildren(
      ...offered.map((value) => element('option', { value, textContent: value, selected: value === by })),
    );
    const group = by === 'name' ? (i: number) => app.nameOf(i) : (i: number) => app.pictures.groups[i]!;
    const none = by === 'name' ? 'no name yet' : 'no folder';
    const { groups, colors } = groupByName(view.indices.map(group), none);
    view.colors = by === 'nothing' ? undefined : colors;
    legend.replaceChildren(
      ...(by === 'nothing' ? [] : groups).map(({ name, color, count }) => {
        const dot = element('span', { className: 'dot' });
        dot.style.background = color;
        return element('li', {}, dot, `${name} `, element('small', { textContent: String(count) }));
      }),
    );
    view.ask();
  };
  select.addEventListener('change', () => {
    chosen = select.value;
    update();
  });
  app.on('labels', update);
  app.on('named', update);
  return update;
}
