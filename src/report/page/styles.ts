const palette = [
  '#2f7ed8',
  '#f28e2b',
  '#e0434b',
  '#17a2a2',
  '#3f9b3a',
  '#d9b310',
  '#8e5bc4',
  '#ff7fa5',
  '#9c6b45',
  '#7d8793',
];

/** A color for each class. Beyond ten classes, hues are a golden angle apart. */
export function classColor(label: number): string {
  return palette[label] ?? `hsl(${Math.round(label * 137.5) % 360} 62% 52%)`;
}

/** The page's style sheet. */
export function styles(classes: number): string {
  const perClass = Array.from(
    { length: classes },
    (_, label) => `.k${label}{--c:${classColor(label)}}
main:has(#only${label}:checked) .thumb:not(.k${label}){opacity:.07}`,
  ).join('\n');
  return `
:root{color-scheme:light dark;--page:#f6f6f4;--card:#fff;--ink:#1c1f26;--soft:#5f6570;--line:#e3e4e8;--accent:#3b5bdb;
--bar:#3b5bdb;--second:#c2410c;--faint:#8a909b;--bar-soft:#c3c9d6;--right:#1a7f37;--wrong:#c9ccd4;--shadow:0 1px 2px #0000000d,0 8px 24px #0000000a}
@media (prefers-color-scheme:dark){:root{--page:#121418;--card:#1b1e24;--ink:#e8eaef;--soft:#a0a7b4;--line:#2d3139;
--accent:#8aa4ff;--bar:#8aa4ff;--second:#fb923c;--faint:#7d8491;--bar-soft:#4a5160;--right:#3fb950;--wrong:#454b57;--shadow:none}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1080px;margin:0 auto;padding:3rem 1.25rem 4rem}
h1{font-size:clamp(1.6rem,4.5vw,2.4rem);line-height:1.15;letter-spacing:-.02em;margin:0 0 .6rem;text-wrap:balance}
h2{font-size:1.25rem;letter-spacing:-.01em;margin:0 0 .35rem}
h3{font-size:.95rem;margin:0 0 .6rem;color:var(--soft);font-weight:600}
p{margin:0 0 1rem}.lead{font-size:1.1rem;max-width:62ch;margin-bottom:1.6rem}.note{color:var(--soft);max-width:72ch}
section{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:1.5rem;margin-top:1.5rem;box-shadow:var(--shadow)}
dl.facts{display:flex;flex-wrap:wrap;gap:.5rem 2rem;margin:0}
.facts div{min-width:6rem}.facts dt{font-size:.78rem;color:var(--soft)}.facts dd{margin:0;font-weight:600}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.7rem .75rem;border-top:1px solid var(--line);vertical-align:top}
thead th{border-top:0;font-size:.85rem;color:var(--soft);font-weight:600;padding-top:.2rem}
tbody th{font-weight:600;width:30%}tbody th small{display:block;font-weight:400}
th:first-child,td:first-child{padding-left:0}th:last-child,td:last-child{padding-right:0}
small{color:var(--soft);font-size:.82rem}
.figure{font-size:1.35rem;font-weight:650;letter-spacing:-.01em;margin-right:.5rem}
.range{white-space:nowrap}
.scale{position:relative;height:8px;border-radius:4px;background:color-mix(in srgb,var(--line) 70%,transparent);margin-top:.45rem}
.scale b{position:absolute;inset:0 auto 0 0;border-radius:4px;background:var(--bar-soft)}
.after .scale b{background:var(--bar)}
.scale i{position:absolute;top:-3px;bottom:-3px;border:solid var(--ink);border-width:0 1.5px;min-width:3px}
.scale i::after{content:"";position:absolute;left:0;right:0;top:50%;border-top:1.5px solid var(--ink)}
img,.thumb{image-rendering:pixelated}
img{display:block;border-radius:6px;width:100%;height:auto;aspect-ratio:1}
.views{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,19rem),1fr));gap:1.1rem 2.5rem;margin:0;padding:0;list-style:none}
.views li{display:grid;grid-template-columns:1fr auto 1fr 1fr;gap:.5rem;align-items:center}
.views .arrow{color:var(--soft)}.views li>:nth-child(3){margin-right:-.1rem}
.keys{display:flex;flex-wrap:wrap;gap:.3rem 1.4rem;list-style:none;margin:0 0 .4rem;padding:0;font-size:.86rem;color:var(--soft)}
.keys li{display:flex;align-items:center;gap:.5rem}.line{width:1.5rem;border-top:2px solid var(--bar)}
.line.first{border-top-width:3px}.line.second{border-top:3px solid var(--second)}
.line.faint-first{border-top-width:1px;opacity:.5}.line.faint-second{border-top:1px solid var(--second);opacity:.5}
.line.level{border-top:2px dashed var(--faint)}.line.rate{border-top:2px dotted var(--faint)}
.chart svg{display:block;width:100%;height:auto;overflow:visible}.chart text{font-size:12px;fill:var(--soft)}
.chart path{fill:none;stroke-width:2.5;stroke-linejoin:round}.chart path.grid{stroke:var(--line);stroke-width:1}
.chart path.first,.chart path.faint-first{stroke:var(--bar)}.chart path.second,.chart path.faint-second{stroke:var(--second)}
.chart path.faint-first,.chart path.faint-second{stroke-width:1;opacity:.4}.chart path.whisker{stroke-width:1.5}
.chart circle.first{fill:var(--bar)}.chart circle.second{fill:var(--second)}.chart circle.faint-first,.chart circle.faint-second{fill:none}
.chart path.rate,.chart path.level{stroke:var(--faint);stroke-width:1.5}.chart path.rate{stroke-dasharray:2 4}
.chart path.level{stroke-dasharray:6 5}.chart text.level{fill:var(--ink)}
.chart .narrow-only{display:none}
@media (max-width:640px){.chart .wide-only{display:none}.chart .narrow-only{display:block}}
.legend{display:flex;flex-wrap:wrap;gap:.4rem;border:0;margin:0 0 1rem;padding:0}
.legend label{display:inline-flex;align-items:center;gap:.4rem;padding:.2rem .7rem .2rem .5rem;border:1px solid var(--line);border-radius:99px;
font-size:.86rem;cursor:pointer}
.legend input{position:absolute;opacity:0;pointer-events:none}
.legend label:has(:checked){background:color-mix(in srgb,var(--c,var(--accent)) 18%,transparent);border-color:var(--c,var(--accent))}
.legend label:has(:focus-visible){outline:2px solid var(--accent);outline-offset:2px}
.swatch{width:.8rem;height:.8rem;border-radius:3px;background:var(--c,conic-gradient(#2f7ed8,#3f9b3a,#d9b310,#e0434b,#2f7ed8))}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.maps{display:grid;grid-template-columns:1fr 1fr;gap:1.5rem}.maps.one{grid-template-columns:minmax(0,40rem)}
.maps figure{margin:0;min-width:0}
.plane{position:relative;aspect-ratio:1;border:1px solid var(--line);border-radius:10px;background:var(--page);overflow:hidden;padding:0}
.thumb{position:absolute;width:var(--s);aspect-ratio:1;transform:translate(-50%,-50%);outline:1.5px solid var(--c);border-radius:2px;
outline-offset:-1px;transition:opacity .15s}
.thumb:hover{z-index:2;width:calc(var(--s)*2.6);opacity:1!important}
.rows{list-style:none;margin:0;padding:0}
.rows li{display:grid;grid-template-columns:5.5rem repeat(var(--strips),1fr);gap:1.5rem;padding:1rem 0;border-top:1px solid var(--line);align-items:start}
.rows li:first-child{border-top:0;padding-top:.25rem}
.query{margin:0}.query figcaption{font-size:.86rem;font-weight:600;text-align:center;margin-top:.35rem}
.strip h3{margin-bottom:.45rem;font-size:.86rem}.strip h3 span{font-weight:400}
.strip div{display:grid;grid-template-columns:repeat(var(--n),minmax(0,4.5rem));gap:.6rem .5rem}
.found{position:relative;margin:0;font-size:.72rem;line-height:1.2;text-align:center;color:var(--soft)}
.found img{border:3px solid var(--wrong);border-radius:8px}.found.right img{border-color:var(--right)}
.found.right{color:var(--ink)}
.found figcaption{margin-top:.2rem;overflow-wrap:anywhere}
.found::before{content:"\\2715";position:absolute;z-index:1;top:-.4rem;right:-.35rem;width:1.15rem;height:1.15rem;border-radius:50%;
background:var(--wrong);color:var(--ink);font:700 .75rem/1.15rem system-ui,sans-serif;text-align:center}
.found.right::before{content:"\\2713";background:var(--right);color:var(--card)}
.matrix{width:auto}.matrix th,.matrix td{padding:.3rem .45rem;font-size:.82rem;text-align:right;width:auto;border:0}
.matrix thead th{vertical-align:bottom;text-align:center}.matrix thead span{writing-mode:vertical-rl;transform:rotate(180deg)}
.matrix tbody th{position:sticky;left:0;background:var(--card);font-weight:600;padding-right:.7rem;white-space:nowrap}
.matrix tbody td{background:color-mix(in srgb,var(--second) var(--p,0%),transparent);border:1px solid var(--card)}
.matrix tbody td.own{background:color-mix(in srgb,var(--bar) var(--p),transparent)}.matrix tbody td.recall{background:none;color:var(--soft)}
.matrix .zero{opacity:.25}.settings th,.settings td{padding:.4rem .75rem;font-size:.9rem;overflow-wrap:anywhere}
.verdict{display:block}
details{margin-top:1rem}summary{cursor:pointer;color:var(--accent);font-weight:600}.scroll{overflow-x:auto}
details td,details th{padding:.35rem .75rem;white-space:nowrap;width:auto!important}
footer{margin-top:2rem;color:var(--soft);font-size:.86rem}
@media (max-width:640px){main{padding:1.75rem .9rem 3rem}section{padding:1.1rem;border-radius:12px}
.maps,.rows li{grid-template-columns:1fr}dl.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(6.4rem,1fr));gap:.6rem 1rem}.query{width:4.5rem}.rows li{gap:.9rem}
.figures,.figures tbody,.figures tr,.figures td,.figures th{display:block;width:auto}.figures thead{display:none}
.figures tr{border-top:1px solid var(--line);padding:.8rem 0}.figures tr:first-child{border-top:0;padding-top:0}
.figures th,.figures td{border:0;padding:.2rem 0}.figures td::before{content:attr(data-label);display:block;font-size:.82rem;color:var(--soft);margin-top:.35rem}}
@media print{section{break-inside:avoid;box-shadow:none}}
${perClass}`;
}
