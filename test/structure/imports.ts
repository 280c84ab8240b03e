import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

/** An import of one source file by another. Paths are relative to the repository. */
export interface Import {
  from: string;
  to: string;
}

/** Source files below folders of the repository, without what is generated or built. */
export function sourceFiles(root: string, folders: readonly string[]): string[] {
  const leftOut = /\.generated\.ts$|\.d\.ts$|(^|\/)(node_modules|dist|assembly|\.cache)\//;
  return folders
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
        join(folder, name).replaceAll('\\', '/'),
      ),
    )
    .filter((path) => /\.(ts|mts|tsx|js|mjs)$/.test(path) && !leftOut.test(path))
    .sort();
}

/** What a file names after `import`, `import type`, `export from`, `import()` and in `import('x').Type`. */
export function specifiersOf(path: string, text: string): string[] {
  const found: string[] = [];
  const add = (node: ts.Node | undefined) => {
    if (node && ts.isStringLiteralLike(node)) found.push(node.text);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) add(node.moduleSpecifier);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal);
    else if (ts.isExternalModuleReference(node)) add(node.expression);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0]);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest));
  return found;
}

/** The imports among files; `simclr-ts` and its subpaths are files of `src`. */
export function importsAmong(root: string, files: readonly string[]): Import[] {
  const known = new Set(files);
  const target = (from: string, specifier: string): string | undefined => {
    const own = /^simclr-ts(?:\/(.+))?$/.exec(specifier);
    if (!own && !specifier.startsWith('.')) return undefined;
    const path = own
      ? join('src', own[1] ?? '', 'index.ts')
      : relative(root, resolve(root, dirname(from), specifier));
    const candidates = [path, path.replace(/\.js$/, '.ts'), path.replace(/\.mjs$/, '.mts'), `${path}.ts`];
    return candidates
      .map((each) => each.replaceAll('\\', '/'))
      .find((each) => known.has(each) && existsSync(join(root, each)));
  };
  return files.flatMap((from) => {
    const text = readFileSync(join(root, from), 'utf8');
    const targets = specifiersOf(from, text).map((specifier) => target(from, specifier));
    return [...new Set(targets)].filter((to) => to !== undefined).map((to) => ({ from, to }));
  });
}

/** The circles: files that reach one another by imports, sorted, each circle with all of its files. */
export function circlesIn(imports: readonly Import[]): string[][] {
  const next = new Map<string, string[]>();
  for (const { from, to } of imports) next.set(from, [...(next.get(from) ?? []), to]);
  // Tarjan's algorithm for strongly connected components.
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
  const visit = (file: string): void => {
    order.set(file, order.size);
    low.set(file, order.get(file)!);
    stack.push(file);
    for (const to of next.get(file) ?? []) {
      if (!order.has(to)) visit(to);
      if (stack.includes(to)) low.set(file, Math.min(low.get(file)!, low.get(to)!));
    }
    if (low.get(file) !== order.get(file)) return;
    const circle = stack.splice(stack.indexOf(file));
    if (circle.length > 1 || next.get(file)?.includes(file)) circles.push(circle.sort());
  };
  for (const file of next.keys()) if (!order.has(file)) visit(file);
  return circles.sort((a, b) => a[0]!.localeCompare(b[0]!));
}
