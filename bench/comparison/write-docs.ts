/**
 * Writes docs/comparison.md from what `npm run compare -- --json FILE` and exchange.ts wrote.
 *
 *     npx tsx bench/comparison/write-docs.ts FILE... --exchange FILE
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import type { ExchangeResult } from './exchange-page.js';
import { comparisonPage } from './page.js';
import type { ComparisonResult } from './result.js';

const command = new Command('write-docs')
  .argument('<files...>', 'JSON files of npm run compare')
  .option('--exchange <file>', 'JSON file of exchange.ts')
  .parse();
const { exchange } = command.opts<{ exchange?: string }>();
const read = <T>(file: string) => JSON.parse(readFileSync(file, 'utf8')) as T;
const results = command.args.map((file) => read<ComparisonResult>(file));
const target = fileURLToPath(new URL('../../docs/comparison.md', import.meta.url));
const page = comparisonPage(results, exchange === undefined ? undefined : read<ExchangeResult>(exchange));
writeFileSync(target, page);
console.log(target);
