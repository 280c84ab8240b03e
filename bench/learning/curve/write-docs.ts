/**
 * Writes docs/learning.md from what run.ts and `npm run compare -- --recipe minutes` wrote.
 *
 *     npx tsx bench/learning/curve/write-docs.ts FILE
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { learningPage } from './page.js';
import { readRuns } from './runs.js';

const [file] = process.argv.slice(2);
const runs = file === undefined ? [] : readRuns(file);
if (runs.length === 0) {
  console.error('write-docs: name the JSON file of run.ts.');
  process.exit(1);
}
const target = fileURLToPath(new URL('../../../docs/learning.md', import.meta.url));
writeFileSync(target, learningPage(runs));
console.log(target);
