import { join } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { root, subpaths } from './packed.js';

/** Every exported name of a subpath, with its kind, as the declarations tell. */
function surface(declarations: string): string[] {
  const program = ts.createProgram([declarations], { skipLibCheck: true, module: ts.ModuleKind.NodeNext });
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(declarations)!)!;
  return checker
    .getExportsOfModule(module)
    .map((symbol) => {
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      const kind = [
        [ts.SymbolFlags.Class, 'class'],
        [ts.SymbolFlags.Function, 'function'],
        [ts.SymbolFlags.Variable, 'const'],
        [ts.SymbolFlags.Interface, 'interface'],
        [ts.SymbolFlags.TypeAlias, 'type'],
      ].find(([flag]) => target.flags & (flag as number))?.[1];
      return `${kind} ${symbol.name}`;
    })
    .sort();
}

it('exports what it did: a change is a decision (update with vitest -u and say so in CHANGELOG.md)', async () => {
  const lines = (await subpaths()).flatMap((subpath) => [
    `simclr-ts${subpath.slice(1)}`,
    ...surface(join(root, 'dist', subpath, 'index.d.ts')).map((line) => `  ${line}`),
  ]);
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('./api.snapshot.txt');
});
