import type { App } from '../page/app.js';
import { byId, counted } from '../page/dom.js';
import { notice } from '../page/notices.js';

/** The bar below the map that names what is marked. */
export function markedBar(app: App): void {
  const form = byId<HTMLFormElement>('label-form');
  const text = byId('marked-state');
  const name = byId<HTMLInputElement>('label-name');
  app.on('marked', ({ size }) => {
    form.hidden = size === 0;
    text.textContent = size === 0 ? '' : `${counted(size, 'picture')} marked`;
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const label = name.value.trim();
    if (label === '') {
      notice('info', 'Write a name first.');
      name.focus();
      return;
    }
    name.value = '';
    app.nameMarked(label);
    byId('map').focus({ preventScroll: true }); // the bar goes, and the focus with it
  });
  byId('clear-marks').addEventListener('click', () => {
    app.mark([...app.marked], false);
    byId('map').focus({ preventScroll: true });
  });
}
