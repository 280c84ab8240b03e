import type { App } from '../page/app.js';
import { byId, counted, element } from '../page/dom.js';
import { attempt } from '../page/notices.js';
import { pictureSet } from './picture-set.js';

const mostGroups = 30;

/** Duplicates and stacks: groups of pictures above a similarity. */
export function duplicatesPanel(app: App): void {
  const place = byId('duplicates');
  const state = byId('duplicates-state');
  const slider = byId<HTMLInputElement>('similarity');
  const value = byId<HTMLOutputElement>('similarity-value');
  let asked = 0;

  const find = () =>
    attempt(async () => {
      const turn = ++asked;
      state.textContent = 'Comparing …';
      const groups = await app.trainer.duplicates(Number(slider.value));
      if (turn !== asked) return; // the slider has moved on
      state.textContent =
        groups.length === 0
          ? 'No two pictures are that alike. Move the slider to the left to find more.'
          : `${counted(groups.length, 'group')} of pictures that may be duplicates.`;
      place.replaceChildren(
        ...groups.slice(0, mostGroups).map((group) => pictureSet(app, `${group.length} alike`, group)),
      );
      if (groups.length > mostGroups) {
        place.append(element('p', { textContent: `The ${mostGroups} largest are shown.` }));
      }
      app.tell('used', undefined);
    }).then(() => {
      if (state.textContent === 'Comparing …') state.textContent = '';
    });
  const show = () => {
    value.textContent = Number(slider.value).toFixed(2);
  };
  byId('duplicates-form').addEventListener('submit', (event) => {
    event.preventDefault();
    void find();
  });
  slider.addEventListener('input', show);
  slider.addEventListener('change', () => {
    if (state.textContent !== '') void find(); // once someone has asked
  });
  app.on('forgotten', () => {
    asked++;
    place.replaceChildren();
    state.textContent = '';
  });
  show();
}
