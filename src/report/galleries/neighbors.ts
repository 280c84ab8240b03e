import { escapeHtml } from '../page/html.js';
import type { LabeledPicture, NeighborRow } from '../types.js';
import { imageTag } from './pictures.js';

/** Queries with their nearest neighbors. */
export async function neighborsSection(
  rows: readonly NeighborRow[],
  classNames: readonly string[],
): Promise<string> {
  const nameOf = ({ label }: LabeledPicture) => classNames[label] ?? String(label);
  const strip = async (name: string, query: LabeledPicture, found: readonly LabeledPicture[]) => {
    const right = found.filter(({ label }) => label === query.label).length;
    const images = await Promise.all(
      found.map(async (picture, index) => {
        const same = picture.label === query.label;
        const alt = `Neighbor ${index + 1}: ${nameOf(picture)}, ${same ? 'the same class' : 'another class'}`;
        return `<figure class="found ${same ? 'right' : 'wrong'}">${await imageTag(picture, alt)}<figcaption>${escapeHtml(nameOf(picture))}</figcaption></figure>`;
      }),
    );
    return `<div class="strip"><h3>${escapeHtml(name)} <span>\u00b7 ${right} of ${found.length} correct</span></h3><div style="--n:${Math.max(1, Math.min(8, found.length))}">${images.join('')}</div></div>`;
  };
  const items = await Promise.all(
    rows.map(async ({ query, found }) => {
      const name = nameOf(query);
      const strips = await Promise.all(found.map((each) => strip(each.name, query, each.pictures)));
      return `<li style="--strips:${strips.length}"><figure class="query">${await imageTag(query, `Query: ${name}`)}<figcaption>${escapeHtml(name)}</figcaption></figure>
${strips.join('')}</li>`;
    }),
  );
  return `<section><h2>Nearest neighbors</h2>
<p class="note">On the left is a test picture, followed by the pictures with the most similar embeddings, nearest first.
A check mark and a green frame mark pictures of the same class, a cross those of another.</p>
<ul class="rows">${items.join('')}</ul></section>`;
}
