import { escapeHtml } from '../page/html.js';
import type { LabeledPicture, NeighborRow } from '../types.js';
import { imageTag } from './pictures.js';

/** Queries with their nearest neighbors. */
export async function neighborsSection(
  rows: readonly NeighborRow[],
  classNames: readonly string[],
): Promise<string> {
  const nameOf = ({ label }: LabeledPicture) =>
    label === undefined ? '' : (classNames[label] ?? String(label));
  const strip = async (name: string, query: LabeledPicture, found: readonly LabeledPicture[]) => {
    const right = found.filter(({ label }) => label === query.label).length;
    const images = await Promise.all(
      found.map(async (picture, index) => {
        if (query.label === undefined) {
          return `<figure class="found">${await imageTag(picture, `Neighbor ${index + 1}`)}</figure>`;
        }
        const same = picture.label === query.label;
        const alt = `Neighbor ${index + 1}: ${nameOf(picture)}, ${same ? 'the same class' : 'another class'}`;
        return `<figure class="found ${same ? 'right' : 'wrong'}">${await imageTag(picture, alt)}<figcaption>${escapeHtml(nameOf(picture))}</figcaption></figure>`;
      }),
    );
    const score = query.label === undefined ? '' : ` <span>\u00b7 ${right} of ${found.length} correct</span>`;
    return `<div class="strip"><h3>${escapeHtml(name)}${score}</h3><div style="--n:${Math.max(1, Math.min(8, found.length))}">${images.join('')}</div></div>`;
  };
  const items = await Promise.all(
    rows.map(async ({ query, found }) => {
      const name = nameOf(query);
      const caption = name === '' ? '' : `<figcaption>${escapeHtml(name)}</figcaption>`;
      const alt = name === '' ? 'Query' : `Query: ${name}`;
      const strips = await Promise.all(found.map((each) => strip(each.name, query, each.pictures)));
      return `<li style="--strips:${strips.length}"><figure class="query">${await imageTag(query, alt)}${caption}</figure>
${strips.join('')}</li>`;
    }),
  );
  const aboutClasses =
    ' A check mark and a green frame mark pictures of the same class, a cross those of another.';
  return `<section><h2>Nearest neighbors</h2>
<p class="note">On the left is a query, followed by the pictures with the most similar embeddings, nearest first.${classNames.length > 0 ? aboutClasses : ''}</p>
<ul class="rows">${items.join('')}</ul></section>`;
}
