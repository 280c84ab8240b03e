import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

// Under pnpm a program finds only what its own package.json names: what a sample imports has to be installed by name.
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Packages that a program imports by name, those that are part of this library's own package left out. */
function importedPackages(code: string): string[] {
  const names = [...code.matchAll(/(?:\bfrom|\bimport|\brequire)\s*\(?\s*['"]([^'"\n]+)['"]/g)].map(
    ([, name]) => name!,
  );
  const packages = names
    .filter((name) => !/^(\.|\/|node:|simclr-ts\b)/.test(name) && !builtinModules.includes(name))
    .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/'));
  return [...new Set(packages)].sort();
}

const pages = ['README.md', ...readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))];

it.each(pages)('%s installs what its samples import', (page) => {
  const text = readFileSync(join(root, page === 'README.md' ? '' : 'docs', page), 'utf8');
  const code = [...text.matchAll(/```(?:ts|js|typescript|javascript)\b[^\n]*\n(.*?)```/gs)].map(
    ([, body]) => body!,
  );
  const installed = [...text.matchAll(/npm (?:install|i) ([^\n`]*)/g)].flatMap(([, names]) =>
    names!.split(/\s+/),
  );
  expect(importedPackages(code.join('\n')).filter((name) => !installed.includes(name))).toEqual([]);
});

const examples = readdirSync(join(root, 'examples')).filter((name) =>
  existsSync(join(root, 'examples', name, 'package.json')),
);

it.each(examples)('the example %s depends on what it imports', (example) => {
  const folder = join(root, 'examples', example);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const declared = Object.keys({
    ...manifest.dependencies,
    ...manifest.devDependencies,
    ...manifest.optionalDependencies,
  });
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => /\.(ts|mts|js|mjs)$/.test(name) && !/node_modules|dist/.test(name),
  );
  const code = files.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
  expect(importedPackages(code).filter((name) => !declared.includes(name))).toEqual([]);
  expect(declared).toContain('simclr-ts');
});
