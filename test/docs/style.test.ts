import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

const pagesIn = (folder: string) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
const examples = readdirSync(join(root, 'examples'))
  .map((name) => join('examples', name, 'README.md'))
  .filter((path) => existsSync(join(root, path)));
const guides = pagesIn('docs');
const pages = ['README.md', 'CONTRIBUTING.md', ...guides, ...pagesIn('examples'), ...examples];

const linesOf = (path: string) => readFileSync(join(root, path), 'utf8').split('\n');

/** The lines that a person wrote: tables that scripts write, between two comments, are left out as empty lines. */
function writtenLines(path: string): string[] {
  let generated = false;
  return linesOf(path).map((line) => {
    if (/^<!-- .*written by .* -->$/.test(line)) generated = true;
    const written = generated ? '' : line;
    if (/^<!-- end.* -->$/.test(line)) generated = false;
    return written;
  });
}

/** Lines outside of samples. */
function proseOf(path: string): { line: string; number: number }[] {
  let fenced = false;
  return writtenLines(path).flatMap((line, i) => {
    if (/^\s*```/.test(line)) fenced = !fenced;
    return fenced ? [] : [{ line, number: i + 1 }];
  });
}

/** The anchors of a page's headings, as GitHub and typedoc make them. */
function anchorsOf(path: string): Set<string> {
  const headings = proseOf(path).flatMap(({ line }) => /^#+ (.*)$/.exec(line)?.[1] ?? []);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

const britishSpelling =
  /\b\w*(?:colour|neighbour|behaviour|normalis|optimis|initialis|synchronis|standardis|greyscale|labelled|learnt|licence)\w*/i;
const awkward =
  /\b(?:is no integer|whole numbers?|anew|shall|gone over|a picture each|mis-?spelt|(?:pairs|pictures|images|steps) an? (?:second|step|epoch|hour))\b/i;

describe.each(pages)('%s', (path) => {
  it('has lines of at most 120 characters, tables and links aside', () => {
    const long = writtenLines(path).flatMap((line, i) =>
      line.length > 120 && !/^(?:\||!\[)/.test(line) ? [`${path}:${i + 1}`] : [],
    );
    expect(long).toEqual([]);
  });

  it('has American spelling and plain words', () => {
    const found = proseOf(path).flatMap(({ line, number }) => {
      const plain = line.replace(/`[^`]*`/g, '');
      const word = britishSpelling.exec(plain) ?? awkward.exec(plain);
      return word ? [`${path}:${number}: ${word[0]}`] : [];
    });
    expect(found).toEqual([]);
  });

  it('leads to headings that exist', () => {
    const links = [
      ...linesOf(path)
        .join('\n')
        .matchAll(/\]\((?!https?:)([^)#\s]*)#([^)]+)\)/g),
    ];
    const missing = links.flatMap(([, page = '', anchor]) => {
      const target = page === '' ? path : join(dirname(path), page);
      return anchorsOf(target).has(anchor!) ? [] : [`${target}#${anchor}`];
    });
    expect(missing).toEqual([]);
  });
});

it.each(guides)('%s opens with a sample', (path) => {
  const lines = linesOf(path);
  const headings = lines.flatMap((line, i) => (line.startsWith('## ') ? [i] : []));
  const sample = lines.findIndex((line) => /^```(?:ts|sh|bash)$/.test(line));
  expect(sample).toBeGreaterThan(0);
  expect(sample).toBeLessThan(headings[1] ?? lines.length);
});
