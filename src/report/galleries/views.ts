import type { ViewRow } from '../types.js';
import { imageTag } from './pictures.js';

/** Pictures next to their two views. */
export async function viewsSection(rows: readonly ViewRow[]): Promise<string> {
  const items = await Promise.all(
    rows.map(async ({ original, view1, view2 }, index) => {
      const picture = `Picture ${index + 1}`;
      const images = await Promise.all([
        imageTag(original, picture),
        imageTag(view1, `${picture}, first view`),
        imageTag(view2, `${picture}, second view`),
      ]);
      return `<li>${images[0]}<span class="arrow" aria-hidden="true">\u2192</span>${images[1]}${images[2]}</li>`;
    }),
  );
  return `<section><h2>What the encoder sees</h2>
<p class="note">Each picture on the left has two random views. Training pulls their embeddings together and pushes those of all other
pictures of the batch away.</p>
<ul class="views">${items.join('')}</ul></section>`;
}
