/**
 * Writes docs/comparison.md from what `npm run compare -- --json FILE` wrote.
 *
 *     npx tsx bench/comparison/write-docs.ts FILE...
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { comparisonPage } from './page.js';
import type { ComparisonResult } from './result.js';

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error('write-docs: name the JSON files of npm run compare.');
  process.exit(1);
}
const results = files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as ComparisonResult);
const target = fileURLToPath(new URL('../../docs/comparison.md', import.meta.url));
writeFileSync(target, comparisonPage(results));
console.log(target);
