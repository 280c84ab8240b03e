import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import { markdownFiles, type Program, programsOf } from './programs.js';
import { runProgram } from './run-program.js';
import { strictProject, typeCheck } from './type-check.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const guides = markdownFiles(join(root, 'docs'));
const readme = programsOf('README.md', readFileSync(join(root, 'README.md'), 'utf8'));

/** A sample without its types, on the same lines as far as the compiler keeps them. */
function toJavaScript({ source }: Program): string {
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: {
      target: ts.ScriptTarget.ESNext,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    },
  });
  return outputText;
}

/** A sample that says something in TypeScript that JavaScript says in a comment: a cast, a declaration. */
function isTypeScript({ source }: Program): boolean {
  return /\bas (?!const\b)[A-Z]|^declare /m.test(source);
}

/** Complaints about what the guide's types said: parameters and lists that have none now, values that may be absent. */
const lostWithTypes = [2531, 2532, 7005, 7006, 7031, 7034, 18046, 18047, 18048];

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
  let strictComplaints: Map<string, string[]>;
  beforeAll(() => {
    complaints = typeCheck(root, programs);
    strictComplaints = typeCheck(root, readme, { options: strictProject });
  });

  it.each(programs)('$name compiles', ({ name }) => {
    expect(complaints.get(name)).toEqual([]);
  });

  it.each(readme)('$name compiles in a strict project', ({ name }) => {
    expect(strictComplaints.get(name)).toEqual([]);
  });

  describe('in JavaScript that is checked strictly', () => {
    const javaScript = [...readme, ...programs].filter((program) => !isTypeScript(program));
    let complaints: Map<string, string[]>;
    beforeAll(() => {
      const scripts = javaScript.map((program) => ({
        ...program,
        source: toJavaScript(program),
      }));
      complaints = typeCheck(root, scripts, {
        language: 'js',
        options: strictProject,
        ignored: lostWithTypes,
      });
    });

    it.each(javaScript)('$name compiles', ({ name }) => {
      expect(complaints.get(name)).toEqual([]);
    });
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
