/**
 * Writes the tables of docs/performance.md from the results of the benchmarks:
 *
 *     npm run bench -- --json 20.json
 *     node scripts/with-node.mjs 24 npm run bench -- --json 24.json
 *     npm run lane -- profile --json profile.json
 *     npx tsx bench/write-docs.ts --bench 24=24.json 20=20.json --profile profile.json --before old-profile.json
 *
 * Tables of what was not measured stay as they are. What `--before` names was measured on the same machine at an earlier
 * commit, and becomes a column of the profile of the same pictures.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import type { Result } from './compare.js';
import { formatNumber } from './table.js';

interface Profile {
  batch: number;
  size: number;
  threads: number;
  limit: number;
  width: 'narrow' | 'wide';
  milliseconds: number;
  heapBytes: number;
  rows: {
    kernel: string;
    calls: number;
    milliseconds: number;
    share: number;
    gflops?: number;
    shareOfLimit?: number;
  }[];
}

const page = new URL('../docs/performance.md', import.meta.url);
const { bench, profile, before } = new Command('write-docs')
  .requiredOption(
    '--bench <files...>',
    'for each version of Node, VERSION=FILE: the JSON file of npm run bench',
  )
  .option('--profile <files...>', 'JSON files of npm run lane -- profile', [])
  .option('--before <files...>', 'the same of an earlier commit', [])
  .parse()
  .opts<{ bench: string[]; profile: string[]; before: string[] }>();

const read = async <T>(file: string) => JSON.parse(await readFile(file, 'utf8')) as T;
const runs = await Promise.all(
  bench.map(async (given) => {
    const [version, file] = given.split('=') as [string, string];
    return { version, results: await read<Result[]>(file) };
  }),
);
const readProfiles = (files: string[]) => Promise.all(files.map((file) => read<Profile>(file)));
const profiles = await readProfiles(profile);
const earlierProfiles = await readProfiles(before);

/** A Markdown table with aligned columns; numbers are right-aligned. */
function table(headings: string[], rows: string[][], numeric: number[]): string {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (cells: string[]) =>
    `| ${cells.map((cell, i) => (numeric.includes(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join(' | ')} |`;
  const rule = widths.map((width, i) =>
    numeric.includes(i) ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  return [line(headings), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}

function resultRows(chosen: Result[]): string {
  const rows = chosen.map(({ name, value, baselineValue, unit, ratio, spread, baseline }) => [
    `\`${name}\``,
    formatNumber(value),
    formatNumber(baselineValue),
    unit,
    formatNumber(ratio),
    spread.ratio.map(formatNumber).join(' - '),
    baseline,
  ]);
  return table(['row', 'ours', 'baseline', 'unit', 'ratio', 'middle half', 'baseline is'], rows, [1, 2, 4]);
}

const percent = (share: number | undefined) => (share === undefined ? '' : `${(100 * share).toFixed(1)} %`);

/** Milliseconds of a kernel in a step, where that step called it. */
function earlierMilliseconds({ rows }: Profile, kernel: string): string {
  return rows.find((row) => row.kernel === kernel)?.milliseconds.toFixed(1) ?? '';
}

function profileSection(run: Profile): string {
  const { batch, size, threads, limit, width, milliseconds, heapBytes, rows } = run;
  const earlier = earlierProfiles.find((other) => other.size === size && other.batch === batch);
  // What the cores can do at most is measured in vectors of 128 bits.
  const hasLimit = width === 'narrow';
  const head =
    `A step of ${batch} pairs of ${size}x${size} on ${threads} threads: ${milliseconds.toFixed(0)} ms, ` +
    `${((1000 * batch) / milliseconds).toFixed(1)} pairs/s, ${(heapBytes / 2 ** 20).toFixed(0)} MB of wasm memory.` +
    (earlier === undefined ? '' : ` Before, it took ${earlier.milliseconds.toFixed(0)} ms.`) +
    (hasLimit
      ? ` The cores multiply and add at most ${limit.toFixed(0)} GFLOP/s in vectors of 128 bits.`
      : '');
  const shown = rows.filter(({ share }) => share >= 0.003);
  const cells = shown.map((row) => [
    row.kernel,
    String(row.calls),
    row.milliseconds.toFixed(1),
    ...(earlier === undefined ? [] : [earlierMilliseconds(earlier, row.kernel)]),
    percent(row.share),
    row.gflops?.toFixed(1) ?? '',
    ...(hasLimit ? [percent(row.shareOfLimit)] : []),
  ]);
  const headings = ['kernel', 'calls', 'ms'];
  if (earlier !== undefined) headings.push('ms before');
  headings.push('of the step', 'GFLOP/s');
  if (hasLimit) headings.push("of the cores' limit");
  return `${head}\n\n${table(headings, cells, [1, 2, 3, 4, 5, 6])}`;
}

function replaceSection(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}: written by bench/write-docs.ts -->`, `<!-- end of ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/performance.md has no section '${name}'`);
  return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`;
}

const isKernel = ({ name }: Result) => name.startsWith('kernel-');

/** A table for each version of Node that measured such rows. */
function tablesOf(counts: (result: Result) => boolean): string {
  return runs
    .map(({ version, results }) => ({ version, chosen: results.filter(counts) }))
    .filter(({ chosen }) => chosen.length > 0)
    .map(({ version, chosen }) => `Node ${version}:\n\n${resultRows(chosen)}`)
    .join('\n\n');
}

let text = await readFile(page, 'utf8');
for (const [name, content] of [
  ['rows', tablesOf((result) => !isKernel(result))],
  ['kernels', tablesOf(isKernel)],
  ['profile', profiles.map(profileSection).join('\n\n')],
] as const) {
  if (content !== '') text = replaceSection(text, name, content);
}
await writeFile(page, text);
