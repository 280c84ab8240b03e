import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A program out of the samples of a guide. */
export interface Program {
  /** `page.md:line` of its first sample. */
  name: string;
  /** File name of the guide. */
  page: string;
  /** TypeScript, padded with empty lines so that line numbers are those of the guide. */
  source: string;
  /** Whether it is quick enough to be executed. */
  run: boolean;
}

const marks = ['run', 'continues', 'aside'] as const;
type Mark = (typeof marks)[number];

/**
 * The programs of a guide. Each `ts` sample is one of its own, unless an HTML comment before it, which readers do
 * not see, says more: `<!-- run -->` has the program executed too; `<!-- continues -->` adds the sample to the one
 * before it; `<!-- aside -->` says that it is not itself continued, but what stands before it.
 *
 * @throws Error on an unknown mark, so that a misspelt one is not passed over.
 */
export function programsOf(page: string, markdown: string): Program[] {
  const programs: Program[] = [];
  let previous: Program | undefined;
  const lines = markdown.split('\n');
  for (let i = 0; i < lines.length; i++) {
    if (lines[i] !== '```ts') continue;
    const mark = markBefore(page, lines, i);
    const end = lines.indexOf('```', i);
    const sample = lines.slice(i + 1, end);
    if (mark === 'continues') {
      if (!previous) throw new Error(`${page}:${i + 1}: the first sample cannot continue another.`);
      const gap = i + 1 - previous.source.split('\n').length;
      previous.source += '\n'.repeat(gap + 1) + sample.join('\n');
    } else {
      const source = '\n'.repeat(i + 1) + sample.join('\n');
      const program = { name: `${page}:${i + 1}`, page, source, run: mark === 'run' };
      programs.push(program);
      if (mark !== 'aside') previous = program;
    }
    i = end;
  }
  return programs;
}

/** The last line with text before the sample, where it is an HTML comment of one word. */
function markBefore(page: string, lines: string[], sample: number): Mark | undefined {
  let before = sample - 1;
  while (before >= 0 && lines[before]!.trim() === '') before--;
  const comment = /^<!-- (\w+) -->$/.exec(lines[before] ?? '')?.[1];
  if (comment === undefined) return undefined;
  const mark = marks.find((known) => known === comment);
  if (!mark) throw new Error(`${page}:${before + 1}: unknown mark "${comment}".`);
  return mark;
}

/** Names and texts of the Markdown files of a folder. */
export function markdownFiles(folder: string): { page: string; markdown: string }[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((page) => ({ page, markdown: readFileSync(join(folder, page), 'utf8') }));
}
