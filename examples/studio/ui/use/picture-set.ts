import type { App } from '../page/app.js';
import { element } from '../page/dom.js';
import { PictureGrid } from '../page/picture-grid.js';

/** A title and pictures. */
export function pictureSet(
  app: App,
  title: string,
  indices: readonly number[],
  describe?: (index: number) => string,
): HTMLElement {
  const grid = new PictureGrid(app, { label: title, perPage: 24, ...(describe && { describe }) });
  grid.show(indices);
  return element('div', { className: 'set' }, element('p', { textContent: title }), grid.root);
}
