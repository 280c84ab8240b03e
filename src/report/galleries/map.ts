import { escapeHtml, plural } from '../page/html.js';
import type { NamedEmbeddings, ReportMap } from '../types.js';
import { layout } from './embedding-map.js';
import { sprite } from './pictures.js';

/** UMAP layouts of the same pictures, with a legend that highlights a class. */
export async function mapSection(
  { pictures, embeddings }: ReportMap,
  classNames: readonly string[],
  seed: number,
): Promise<string> {
  if (pictures.length < 4) return '';
  const { url, columns, rows } = await sprite(pictures);
  const size = Math.min(7, Math.max(2.1, 72 / Math.sqrt(pictures.length)));
  const place = (index: number, count: number) =>
    count > 1 ? ((100 * index) / (count - 1)).toFixed(2) : '0';
  const plane = async ({ name, embeddings: vectors }: NamedEmbeddings) => {
    const span = 100 - 1.5 * size;
    const thumbs = (await layout(vectors, seed)).map(({ x, y }, index) => {
      const { label } = pictures[index]!;
      const position = `${place(index % columns, columns)}% ${place(Math.floor(index / columns), rows)}%`;
      const left = (50 + (x - 0.5) * span).toFixed(2);
      const top = (50 + (y - 0.5) * span).toFixed(2);
      const kind = label === undefined ? '' : ` k${label}`;
      const title = label === undefined ? '' : ` title="${escapeHtml(classNames[label] ?? String(label))}"`;
      return `<span class="thumb${kind}"${title} style="left:${left}%;top:${top}%;background-position:${position}"></span>`;
    });
    const text = escapeHtml(`Map of ${pictures.length} pictures by their embeddings: ${name}`);
    return `<figure><h3>${escapeHtml(name)}</h3><div class="plane" role="img" aria-label="${text}">${thumbs.join('')}</div></figure>`;
  };
  const choices = classNames.map(
    (name, label) =>
      `<label class="k${label}"><input type="radio" name="only" id="only${label}"><span class="swatch"></span>${escapeHtml(name)}</label>`,
  );
  const planes: string[] = [];
  for (const each of embeddings) planes.push(await plane(each));
  const legend = `<fieldset class="legend"><legend class="sr">Show a class</legend><label><input type="radio" name="only" checked><span class="swatch"></span>all</label>${choices.join('')}</fieldset>`;
  const aboutClasses =
    ' The color of a frame is the class, which training never saw. Choose a class to highlight it.';
  return `<section><h2>A map of the embeddings</h2>
<p class="note">UMAP lays out ${plural(pictures.length, 'picture')} so that neighbors in the embedding are neighbors on the page.${choices.length > 0 ? aboutClasses : ''}
Distances between far groups mean little.</p>
<style>.thumb{--s:${size.toFixed(2)}%;background-image:url(${url});background-size:${columns * 100}% ${rows * 100}%}</style>
${choices.length > 0 ? legend : ''}
<div class="maps${planes.length === 1 ? ' one' : ''}">${planes.join('')}</div></section>`;
}
