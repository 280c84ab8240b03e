import type { MeasureEvent } from '../shared/trainer-protocol.js';
import type { App } from './app.js';
import { byId, element } from './dom.js';
import { PictureGrid } from './picture-grid.js';

/** A few pictures with their nearest ones before training and now. */
export function examplesPanel(app: App): void {
  const place = byId('examples');
  let before: MeasureEvent | undefined;
  const pictures = (label: string, indices: number[]) => {
    const grid = new PictureGrid(app, { label });
    grid.show(indices);
    return grid.root;
  };
  const row = (title: string, indices: number[]) => [
    element('span', { textContent: title }),
    pictures(title, indices),
  ];
  app.on('measured', (event) => {
    if (event.measurement.step === 0 || !before) before = event;
    place.replaceChildren(
      ...event.examples.map(({ index, neighbors }, number) => {
        const rows: HTMLElement[] = [pictures('Picture', [index])];
        const first = before?.examples[number];
        if (before !== event && first)
          rows.push(...row(`At step ${before!.measurement.step}`, first.neighbors));
        rows.push(...row(before === event ? `At step ${event.measurement.step}` : 'Now', neighbors));
        return element('div', { className: 'strip' }, ...rows);
      }),
    );
  });
  app.on('forgotten', () => {
    before = undefined;
    place.replaceChildren();
  });
}
