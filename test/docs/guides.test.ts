import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { markdownFiles, programsOf } from './programs.js';
import { runProgram } from './run-program.js';
import { typeCheck } from './type-check.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const guides = markdownFiles(join(root, 'docs'));
const programs = guides.flatMap(({ page, markdown }) => programsOf(page, markdown));

describe('programsOf', () => {
  const fence = (code: string) => ['```ts', code, '```'].join('\n');

  it('keeps line numbers and joins what continues', () => {
    const page = ['text', fence('first'), '', '<!-- continues -->', '', fence('second'), fence('third')];
    const [joined, alone, ...others] = programsOf('page.md', page.join('\n'));
    expect(joined!.source.split('\n')).toEqual(['', '', 'first', '', '', '', '', '', 'second']);
    expect(joined).toMatchObject({ name: 'page.md:2', run: false });
    expect(alone!.source.trim()).toBe('third');
    expect(others).toEqual([]);
  });

  it('knows what is to be run', () => {
    expect(programsOf('page.md', `<!-- run -->\n\n${fence('first')}`)[0]!.run).toBe(true);
  });

  it('goes back to what stands before an aside', () => {
    const page = [fence('first'), '<!-- aside -->', fence('alone'), '<!-- continues -->', fence('second')];
    const sources = programsOf('page.md', page.join('\n')).map(({ source }) => source.split(/\n+/));
    expect(sources).toEqual([
      ['', 'first', 'second'],
      ['', 'alone'],
    ]);
  });

  it('refuses a mark it does not know', () => {
    expect(() => programsOf('page.md', `<!-- runs -->\n${fence('first')}`)).toThrow(
      'page.md:1: unknown mark "runs".',
    );
  });
});

describe('samples of the guides', () => {
  let complaints: Map<string, string[]>;
  beforeAll(() => {
    complaints = typeCheck(root, programs);
  });

  it.each(programs)('$name compiles', ({ name }) => {
    expect(complaints.get(name)).toEqual([]);
  });

  it.each(programs.filter(({ run }) => run))('$name runs', async (program) => {
    await runProgram(root, program);
  });
});

describe('links of the guides and examples', () => {
  const examples = readdirSync(join(root, 'examples'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `examples/${name}`);
  const pages = ['docs', 'examples', ...examples].flatMap((folder) =>
    markdownFiles(join(root, folder)).map(({ page, markdown }) => ({ path: join(folder, page), markdown })),
  );

  it.each(pages)('$path leads somewhere', ({ path, markdown }) => {
    const targets = [...markdown.matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)].map((match) => match[1]!);
    const missing = targets.filter((target) => !existsSync(join(root, dirname(path), target)));
    expect(missing).toEqual([]);
  });
});
