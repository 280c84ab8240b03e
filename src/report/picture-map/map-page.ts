import { createHash } from 'node:crypto';
import { escapeHtml, plural } from '../page/html.js';
import { styles } from '../page/styles.js';
import type { MapGroup } from './map-groups.js';
import { type MapPageData, showMap } from './show-map.js';

/** What the page is made from. */
export interface MapPage {
  title: string;
  data: MapPageData;
  /** Sheets of thumbnails as data URLs. */
  sheets: readonly string[];
  groups: readonly MapGroup[];
  /** Rows of pictures that belong together, with what they are. */
  stacks: readonly { title: string; rows: readonly number[] }[];
  /** Stacks that are not listed. */
  moreStacks: number;
  outliers: readonly number[];
}

const mapStyles = `
main{max-width:1500px}
img.sheet{display:none}
.board{display:grid;grid-template-columns:minmax(0,1fr) 17rem;gap:1rem;padding:1rem}
.stage{position:relative;height:min(78vh,58rem);min-height:20rem}
#map{position:absolute;inset:0;width:100%;height:100%;border:1px solid var(--line);border-radius:10px;touch-action:none;cursor:grab;background:var(--page)}
#map:active{cursor:grabbing}#map:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
#tip{position:absolute;z-index:2;max-width:20rem;padding:.25rem .6rem;background:var(--ink);color:var(--page);border-radius:6px;font-size:.82rem;overflow-wrap:anywhere;pointer-events:none}
.zoom{position:absolute;right:.6rem;bottom:.6rem;display:grid;gap:.35rem}
.zoom button{width:2.75rem;height:2.75rem;font-size:1.25rem}
button,input[type=search]{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:8px}
button{cursor:pointer}button:hover{border-color:var(--accent)}
button:focus-visible,input:focus-visible,a:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
[hidden]{display:none!important}
#panel{min-width:0;display:flex;flex-direction:column;gap:.9rem}
#search{width:100%;padding:.5rem .75rem}
.state{display:flex;gap:.75rem;align-items:center;font-size:.86rem;color:var(--soft)}.state p{margin:0}.state:has(#all[hidden]){display:none}
.state button{padding:.2rem .7rem}
#large{width:100%;max-width:12rem;border-radius:10px;display:block}#info{margin:0}
#name{display:block;overflow-wrap:anywhere;margin:.6rem 0 .1rem;color:var(--accent);font-weight:600}
#group{color:var(--soft);font-size:.86rem;margin:0}#info h3{margin:.9rem 0 .4rem}
.thumbs{display:grid;grid-template-columns:repeat(auto-fill,minmax(4rem,1fr));gap:.5rem}
#near{grid-template-columns:repeat(auto-fill,minmax(3.4rem,1fr))}
button.thumb{position:static;width:auto;padding:0;aspect-ratio:1;overflow:hidden;transform:none;outline-offset:2px;outline:none}
button.thumb:hover{width:auto;z-index:auto}button.thumb:focus-visible{outline:3px solid var(--accent)}
button.thumb canvas{display:block;width:100%;height:100%}
.groups,.stacks{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,19rem),1fr));gap:1.4rem}
.groups h3,.stacks h3{display:flex;align-items:center;gap:.6rem;margin:0 0 .5rem}
.groups h3 button{padding:.1rem .7rem;border-width:2px;color:var(--ink)}
.keys-help{font-size:.86rem;color:var(--soft);margin:0}
kbd{border:1px solid var(--line);border-radius:5px;padding:0 .35rem;font:inherit;font-size:.82rem}
@media (max-width:820px){.board{grid-template-columns:1fr;padding:.75rem}.stage{height:62vh}
#info{display:grid;grid-template-columns:6rem minmax(0,1fr);gap:0 .9rem}#large{grid-row:1/3}#info h3,#near{grid-column:1/-1}}
@media (pointer:coarse){.keys-help .keyboard{display:none}}
`;

const thumb = (row: number) => `<button type="button" class="thumb" data-row="${row}"></button>`;
const thumbs = (rows: readonly number[]) => `<div class="thumbs">${rows.map(thumb).join('')}</div>`;

function groupsSection(groups: readonly MapGroup[], { marks }: MapPageData): string {
  if (groups.length < 2) return '';
  const items = groups.map(
    ({ count, typical }, i) =>
      `<div><h3><button type="button" data-group="${i}" style="border-color:${marks[i]!.color}">Group ${i + 1}</button> ${plural(count, 'picture')}</h3>${thumbs(typical)}</div>`,
  );
  return `<section><h2>Groups</h2><p class="note">Pictures that lie together, with the most typical ones of each. Choose a group to see it alone.</p>
<div class="groups">${items.join('')}</div></section>`;
}

function stacksSection(stacks: MapPage['stacks'], more: number): string {
  if (stacks.length === 0) return '';
  const items = stacks.map(({ title, rows }) => `<div><h3>${escapeHtml(title)}</h3>${thumbs(rows)}</div>`);
  const rest = more > 0 ? `<p class="note">And ${plural(more, 'more stack')}.</p>` : '';
  return `<section><h2>Near-duplicates</h2><div class="stacks">${items.join('')}</div>${rest}</section>`;
}

function outliersSection(rows: readonly number[]): string {
  if (rows.length === 0) return '';
  return `<section><h2>Outliers</h2><p class="note">The pictures that are least like their nearest ones.</p>${thumbs(rows)}</section>`;
}

/** JSON that a script element may hold: nothing in it ends the element. */
const scriptJSON = (value: unknown) => JSON.stringify(value).replaceAll('<', '\\u003c');

/** The whole page. Its only scripts are its own, whose hash it names, so that no file name can become one. */
export function mapPage({ title, data, sheets, groups, stacks, moreStacks, outliers }: MapPage): string {
  const script = `const __name = (named) => named; // what some compilers wrap functions in\n(${showMap})();`;
  const hash = createHash('sha256').update(script).digest('base64');
  const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${hash}'`;
  const count = data.names.length;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escapeHtml(title)}</title>
<style>${styles(0)}${mapStyles}</style>
</head>
<body>
<main>
<header><h1>${escapeHtml(title)}</h1>
<p class="note">${plural(count, 'picture')}. Similar ones lie side by side; distances between far groups mean little.</p></header>
<section class="board">
<div class="stage"><canvas id="map" tabindex="0" role="application" aria-label="Map of ${plural(count, 'picture')}. Arrow keys choose a picture, plus and minus zoom, 0 shows all, Enter opens the file."></canvas>
<div id="tip" hidden></div>
<div class="zoom"><button type="button" id="in" aria-label="Zoom in">+</button><button type="button" id="out" aria-label="Zoom out">\u2212</button><button type="button" id="fit" aria-label="Show the whole map">\u2922</button></div></div>
<div id="panel">
<input type="search" id="search" placeholder="Find by name" aria-label="Find pictures by name">
<div class="state"><p id="state" role="status"></p><button type="button" id="all" hidden>Show all</button></div>
<p id="hint" class="keys-help">Drag to move, pinch or scroll to zoom, tap a picture to choose it. <span class="keyboard">With the map in focus: <kbd>\u2190</kbd> <kbd>\u2191</kbd> <kbd>\u2192</kbd> <kbd>\u2193</kbd> choose, <kbd>+</kbd> <kbd>\u2212</kbd> zoom, <kbd>0</kbd> shows all, <kbd>Enter</kbd> opens the file.</span></p>
<div id="info" hidden><canvas id="large"></canvas><div aria-live="polite"><a id="name"></a><p id="group"></p></div><h3>Most like it</h3><div id="near" class="thumbs"></div></div>
</div>
</section>
${groupsSection(groups, data)}
${stacksSection(stacks, moreStacks)}
${outliersSection(outliers)}
<footer>Written by simclr-ts.</footer>
</main>
${sheets.map((url) => `<img class="sheet" alt="" src="${url}">`).join('\n')}
<script type="application/json" id="map-data">${scriptJSON(data)}</script>
<script>${script}</script>
</body>
</html>
`;
}
