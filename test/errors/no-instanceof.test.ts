import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, it } from 'vitest';

const src = fileURLToPath(new URL('../../src', import.meta.url));

/**
 * `instanceof` says no to what another copy of the package, the other module system or another realm made (an iframe, a
 * test runner's). Use `isError`, `hasTag`, `isURL`, `getClassName()` or the methods that are needed.
 */
const allowed: Record<string, string> = {
  'errors/is-error.ts: value instanceof kinds[kind]':
    "after the name: for a user's subclass with a name of its own",
  'training/checkpoints/load.ts: error instanceof ForeignError':
    'a private class, made and caught in this file',
  'data/formats/tar/tar-entries.ts: error instanceof EntryFault':
    'a private class, made and caught in this folder',
  'data/formats/tar/tar-entries.ts: error instanceof TarFault':
    'a private class, made and caught in this folder',
  'cli/exit-codes.ts: error instanceof CommandError': 'the command line is one program with one copy of it',
  'cli/program.ts: error instanceof CommandError': 'the command line is one program with one copy of it',
  'cli/program.ts: error instanceof CommanderError': 'the command line imports Commander itself',
};

it('appears in src only where one copy of a class is all that there can be', () => {
  const found = new Set<string>();
  for (const path of readdirSync(src, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.ts') || path.startsWith(join('wasm', 'assembly'))) continue;
    const text = readFileSync(join(src, path), 'utf8');
    const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    const visit = (node: ts.Node): void => {
      if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.InstanceOfKeyword) {
        found.add(`${relative(src, join(src, path)).replaceAll('\\', '/')}: ${node.getText()}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  expect([...found].sort()).toEqual(Object.keys(allowed).sort());
});
