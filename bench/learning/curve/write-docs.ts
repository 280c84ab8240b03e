/**
 * Writes docs/learning.md and its chart from what run.ts and `npm run compare -- --recipe minutes` wrote, and search.ts.
 *
 *     npx tsx bench/learning/curve/write-docs.ts FILE [SEARCH]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { learningChart } from './chart.js';
import { chartFile, learningPage } from './page.js';
import { readRuns } from './runs.js';
import type { Search } from './search-section.js';

const [file, searchFile] = process.argv.slice(2);
const runs = file === undefined ? [] : readRuns(file);
if (runs.length === 0) {
  console.error('write-docs: name the JSON file of run.ts.');
  process.exit(1);
}
const search =
  searchFile === undefined ? undefined : (JSON.parse(readFileSync(searchFile, 'utf8')) as Search);
const docs = fileURLToPath(new URL('../../../docs/', import.meta.url));
const charted = runs.filter(({ dataset }) => dataset === 'cifar10');
writeFileSync(`${docs}${chartFile}`, learningChart(charted));
writeFileSync(`${docs}learning.md`, learningPage(runs, search));
console.log(`${docs}learning.md`);
process.exit(0); // the chart keeps a timer
