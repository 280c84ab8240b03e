import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** The results of a backend on this machine. */
export interface BackendRow {
  backend: string;
  available: boolean;
  /** Why it is not available; empty where it is. */
  reason: string;
  /** Least relative tolerance of the comparisons; 0: each test's own. */
  tolerance: number;
  fixturesPassed: number;
  fixturesFailed: number;
  /** Of the small network of throughput.ts; null where nothing was measured. */
  pairsPerSecond: number | null;
  /** To the row 'wasm' of the same run. */
  ratioToWasm: number | null;
  /** Why some tests are left out; empty where all are run. */
  leftOut: string;
}

const number = (value: number | null) => (value === null ? '' : String(Number(value.toPrecision(2))));

/** The rows as a table in Markdown. */
export function formatTable(rows: readonly BackendRow[]): string {
  const cells = rows.map((row) => [
    `\`${row.backend}\``,
    row.available ? String(row.fixturesPassed) : `not run: ${row.reason}`,
    row.available ? String(row.fixturesFailed) : '',
    row.available ? (row.tolerance === 0 ? "the tests' own" : String(row.tolerance)) : '',
    number(row.pairsPerSecond),
    number(row.ratioToWasm),
  ]);
  const heading = ['backend', 'tests passed', 'failed', 'least tolerance', 'pairs per second', 'to `wasm`'];
  const table = [heading, heading.map(() => '---'), ...cells].map((line) => `| ${line.join(' | ')} |`);
  const reasons = new Map<string, string[]>();
  for (const { available, backend, leftOut } of rows) {
    if (!available || leftOut === '') continue;
    reasons.set(leftOut, [...(reasons.get(leftOut) ?? []), `\`${backend}\``]);
  }
  const notes = [...reasons].map(([reason, backends]) => `Left out on ${backends.join(', ')}: ${reason}.`);
  return [table.join('\n'), ...notes].join('\n\n');
}

const page = fileURLToPath(new URL('../../docs/backends.md', import.meta.url));
const begin = '<!-- written by npm run lane -- backends --docs -->';
const end = '<!-- end -->';

/** Writes the table into docs/backends.md, between its marks. */
export async function writeDocs(rows: readonly BackendRow[]): Promise<void> {
  const text = await readFile(page, 'utf8');
  const [first, last] = [text.indexOf(begin), text.indexOf(end)];
  if (first < 0 || last < first) throw new Error(`docs/backends.md lacks its marks: ${begin} and ${end}`);
  const table = `${begin}\n\n${formatTable(rows)}\n\n`;
  await writeFile(page, text.slice(0, first) + table + text.slice(last));
}
