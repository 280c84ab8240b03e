// Prints what `vitest run --coverage` measured: totals, the share of each folder of src, and the files that no test reaches.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { total, ...files } = JSON.parse(
  readFileSync(new URL('../coverage/coverage-summary.json', import.meta.url), 'utf8'),
);

const percent = ({ covered, total: all }) => (all === 0 ? 100 : (100 * covered) / all);
const cell = (part) => `${percent(part).toFixed(1)} %`.padStart(8);
const kinds = ['statements', 'branches', 'functions', 'lines'];
const row = (name, summary) =>
  `${name.padEnd(16)}${kinds.map((kind) => cell(summary[kind]).padStart(12)).join('')}`;

const folders = new Map();
for (const [file, summary] of Object.entries(files)) {
  const [, folder, ...below] = relative(root, file).replaceAll('\\', '/').split('/');
  const name = below.length === 0 ? 'index' : folder;
  const sums = folders.get(name) ?? Object.fromEntries(kinds.map((kind) => [kind, { covered: 0, total: 0 }]));
  for (const kind of kinds) {
    sums[kind].covered += summary[kind].covered;
    sums[kind].total += summary[kind].total;
  }
  folders.set(name, sums);
}

console.log(`${''.padEnd(16)}${kinds.map((kind) => kind.padStart(12)).join('')}`);
for (const [name, sums] of [...folders].sort(([a], [b]) => a.localeCompare(b))) console.log(row(name, sums));
console.log(row('all of src', total));

const uncovered = Object.entries(files)
  .filter(([, { statements }]) => statements.total > 0 && statements.covered === 0)
  .map(([file]) => relative(root, file))
  .sort();
console.log(uncovered.length === 0 ? 'No file is uncovered.' : `Uncovered files (${uncovered.length}):`);
for (const file of uncovered) console.log(`  ${file}`);
