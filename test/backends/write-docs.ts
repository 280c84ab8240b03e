/**
 * Writes the tables of docs/backends.md from the rows of the lane `backends`:
 *
 *     npm run lane -- backends --quick --json runs/backends.json
 *     npx tsx test/backends/write-docs.ts runs/backends.json
 */
import { readFile, writeFile } from 'node:fs/promises';
import { type BackendRow, formatTable } from './table.js';

const page = new URL('../../docs/backends.md', import.meta.url);
const begin = '<!-- written by test/backends/write-docs.ts -->';
const end = '<!-- end -->';

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('write-docs: name the JSON file of npm run lane -- backends');
const rows = JSON.parse(await readFile(file, 'utf8')) as BackendRow[];
const text = await readFile(page, 'utf8');
const [first, last] = [text.indexOf(begin), text.indexOf(end)];
if (first < 0 || last < first) throw new Error(`docs/backends.md lacks its marks: ${begin} and ${end}`);
await writeFile(page, `${text.slice(0, first)}${begin}\n\n${formatTable(rows)}\n\n${text.slice(last)}`);
