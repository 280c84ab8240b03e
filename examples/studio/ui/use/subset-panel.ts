import type { App } from '../page/app.js';
import { byId } from '../page/dom.js';
import { attempt } from '../page/notices.js';
import { pictureSet } from './picture-set.js';

/** A few pictures that stand for all. */
export function subsetPanel(app: App): void {
  const place = byId('subset');
  const count = byId<HTMLInputElement>('subset-count');
  const mark = byId<HTMLButtonElement>('subset-mark');
  let rows: number[] = [];
  byId('subset-form').addEventListener('submit', (event) => {
    event.preventDefault();
    void attempt(async () => {
      rows = await app.trainer.subset(Math.max(1, Math.round(Number(count.value) || 1)));
      place.replaceChildren(
        pictureSet(app, `${rows.length} pictures that stand for all, the most telling first`, rows),
      );
      mark.hidden = false;
      app.tell('used', undefined);
    });
  });
  mark.addEventListener('click', () => {
    app.mark(rows, true);
    byId('look').scrollIntoView();
  });
  app.on('forgotten', () => {
    place.replaceChildren();
    mark.hidden = true;
  });
}
