import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const guide = readFileSync(join(root, 'docs/training.md'), 'utf8');

/** The names of the fields of an exported interface. */
function fieldsOf(file: string, name: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.ES2022);
  const found = source.statements.find(
    (statement): statement is ts.InterfaceDeclaration =>
      ts.isInterfaceDeclaration(statement) && statement.name.text === name,
  );
  return found!.members.map((member) => (member.name as ts.Identifier).text);
}

it.each([
  ['src/training/options/simclr-options.ts', 'SimCLROptions'],
  ['src/training/fit/fit-options.ts', 'FitOptions'],
])('docs/training.md has a row for every option of %s, %s', (file, name) => {
  const fields = fieldsOf(file, name);
  expect(fields.length).toBeGreaterThan(8);
  expect(fields.filter((field) => !new RegExp(`^\\| \`${field}\` +\\|`, 'm').test(guide))).toEqual([]);
});
