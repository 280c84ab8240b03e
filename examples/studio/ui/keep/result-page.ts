import type { Group } from '../map/groups.js';

/** A picture as a data URL, and its nearest ones. */
export interface ResultNeighbors {
  title: string;
  picture: string;
  nearest: string[];
}

/** What a result page tells. It is shown as it is: leave out what must not leave the page. */
export interface Result {
  date: Date;
  /** Number of pictures in all. */
  pictures: number;
  /** 0 if nothing was trained. */
  minutesTrained: number;
  /** Plain sentences. */
  figures: string[];
  /** Places on the map, two numbers each from 0 to 1, and a color for each. */
  places: ArrayLike<number>;
  /** Places before training, of the same pictures. */
  before?: ArrayLike<number>;
  colors: readonly string[];
  groups: readonly Group[];
  /** Pictures of the map as data URLs; without them they are dots. */
  thumbnails?: readonly string[];
  neighbors?: readonly ResultNeighbors[];
}

const [width, height, margin] = [1000, 560, 24];

const style = `
:root { color-scheme: light dark; --page: #f6f6f4; --card: #fff; --ink: #1c1f26; --soft: #5a606b; --line: #dfe1e6 }
@media (prefers-color-scheme: dark) {
  :root { --page: #121418; --card: #1b1e24; --ink: #e8eaef; --soft: #a6adba; --line: #343943 }
}
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 1080px; padding: 2rem 1.25rem 3rem; background: var(--page); color: var(--ink);
  font: 17px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif }
h1 { font-size: clamp(1.7rem, 4.5vw, 2.5rem); letter-spacing: -.02em; line-height: 1.15; margin: 0 0 .4rem }
h2 { font-size: 1.15rem; margin: 2rem 0 .6rem }
p { margin: 0 0 .6rem; max-width: 68ch }
.soft, footer, figcaption { color: var(--soft) }
figure { margin: 0 0 1rem }
svg { display: block; width: 100%; height: auto; background: var(--card); border: 1px solid var(--line);
  border-radius: 14px }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1rem }
ul { list-style: none; display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; padding: 0; margin: .6rem 0 0 }
li > span:first-child { display: inline-block; width: .8em; height: .8em; border-radius: 50%; margin-right: .4em }
.row { display: flex; flex-wrap: wrap; gap: .4rem; align-items: center; margin-bottom: .8rem }
.row img { width: 64px; height: 64px; border-radius: 8px }
.row img:first-child { width: 84px; height: 84px; margin-right: .6rem }
footer { margin-top: 2.5rem; font-size: .9rem }`;

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The map as a drawing: a dot or a picture at each place. */
function map({ colors, thumbnails }: Result, places: ArrayLike<number>, title: string): string {
  const side = Math.max(14, Math.min(44, 0.6 * Math.sqrt((width * height) / Math.max(1, colors.length))));
  const marks = colors.map((color, i) => {
    const x = Math.round(margin + places[2 * i]! * (width - 2 * margin));
    const y = Math.round(margin + places[2 * i + 1]! * (height - 2 * margin));
    if (!thumbnails) return `<circle cx="${x}" cy="${y}" r="6" fill="${color}" fill-opacity=".8"/>`;
    const half = Math.round(side / 2);
    const frame = `<rect x="${x - half - 2}" y="${y - half - 2}" width="${2 * half + 4}" height="${2 * half + 4}" fill="${color}"/>`;
    return `${frame}<image x="${x - half}" y="${y - half}" width="${2 * half}" height="${2 * half}" href="${thumbnails[i]}"/>`;
  });
  const label = escaped(title);
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">${marks.join('')}</svg>`;
}

function rowOf({ title, picture, nearest }: ResultNeighbors): string {
  const image = (source: string, alt: string) => `<img src="${source}" alt="${escaped(alt)}">`;
  return `<div class="row">${image(picture, title)}${nearest.map((source) => image(source, '')).join('')}</div>`;
}

/** One HTML file to keep and to send: no script, nothing loaded from elsewhere. */
export function resultPage(result: Result): string {
  const { date, pictures, minutesTrained, figures, before, groups, neighbors = [], places } = result;
  const day = date.toLocaleDateString('en-US', { year: 'numeric', month: 'long', day: 'numeric' });
  const count = pictures.toLocaleString('en');
  const shown = result.colors.length;
  const time =
    minutesTrained === 0
      ? 'Nothing was trained: this is what a network sees that has learned nothing yet.'
      : `A small network learned from them for ${minutesTrained < 1 ? 'less than a minute' : `${Math.round(minutesTrained)} minute${Math.round(minutesTrained) === 1 ? '' : 's'}`}, in a browser tab.`;
  const part = shown < pictures ? ` It shows ${shown.toLocaleString('en')} of them, evenly spread.` : '';
  const legend = groups.map(
    ({ name, color, count: size }) =>
      `<li><span style="background:${color}"></span>${escaped(name)} <span class="soft">${size}</span></li>`,
  );
  const maps = before
    ? `<div class="pair"><figure>${map(result, before, 'The map before training')}<figcaption>Before training</figcaption></figure>` +
      `<figure>${map(result, places, 'The map after training')}<figcaption>After training</figcaption></figure></div>`
    : `<figure>${map(result, places, 'The map')}</figure>`;
  const rows = neighbors.length > 0 ? `<h2>Most similar pictures</h2>${neighbors.map(rowOf).join('')}` : '';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${count} pictures, sorted by what is in them</title>
<style>${style}</style>
</head>
<body>
<h1>${count} pictures, sorted by what is in them</h1>
<p class="soft">${day}. ${time}</p>
${figures.map((figure) => `<p>${escaped(figure)}</p>`).join('\n')}
<h2>Map</h2>
<p>Similar pictures are near each other.${part}</p>
${maps}
<ul>${legend.join('')}</ul>
${rows}
<footer>Made with simclr-ts. ${result.thumbnails ? 'This file holds small copies of the pictures.' : 'This file holds no picture and no file name.'}</footer>
</body>
</html>
`;
}
