import type { App } from '../page/app.js';
import { byId, counted, element } from '../page/dom.js';
import { attempt } from '../page/notices.js';
import { pictureSet } from './picture-set.js';

const mostGroups = 30;

/** A cosine similarity in words. */
function inWords(similarity: number): string {
  if (similarity >= 0.99) return 'the same';
  if (similarity >= 0.93) return 'nearly the same';
  return similarity >= 0.75 ? 'very similar' : 'similar';
}

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
    const similarity = Number(slider.value);
    value.textContent = `${inWords(similarity)} (${similarity.toFixed(2)})`;
    slider.ariaValueText = value.textContent;
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
