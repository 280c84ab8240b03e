import { join } from 'node:path';
import ts from 'typescript';
import type { Program } from './programs.js';

/** How to check a sample. */
export interface CheckedAs {
  /** File extension: `'js'` is checked as `checkJs` does. @defaultValue `'ts'` */
  language?: 'ts' | 'js';
  /** Compiler options that override the repository's. @defaultValue none */
  options?: ts.CompilerOptions;
  /** Error codes to ignore. @defaultValue none */
  ignored?: readonly number[];
}

/** What `tsc --init` and most projects have: `strict` and no more. */
export const strictProject: ts.CompilerOptions = {
  exactOptionalPropertyTypes: false,
  noUncheckedIndexedAccess: false,
  verbatimModuleSyntax: false,
  isolatedModules: false,
};

/**
 * Type-checks programs under the repository's tsconfig, as if each were a file beside its guide.
 *
 * @param root - The repository.
 * @returns For each program, by name, the compiler's complaints, with the guide's line numbers.
 */
export function typeCheck(
  root: string,
  programs: readonly Program[],
  { language = 'ts', options: others = {}, ignored = [] }: CheckedAs = {},
): Map<string, string[]> {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options: own } = ts.parseJsonConfigFileContent({ ...config, files: [] }, ts.sys, root);
  const options = { ...own, ...others, ...(language === 'js' && { allowJs: true, checkJs: true }) };
  const files = new Map(
    programs.map((program, i) => [join(root, 'docs', `sample-${i}.${language}`), program] as const),
  );
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.readFile = (path) => files.get(path)?.source ?? readFile(path);
  const checked = ts.createProgram([...files.keys()], options, host);

  const complaints = new Map<string, string[]>();
  for (const [path, { name, page }] of files) {
    const source = checked.getSourceFile(path)!;
    const diagnostics = [
      ...checked.getSyntacticDiagnostics(source),
      ...checked.getSemanticDiagnostics(source),
    ];
    complaints.set(
      name,
      diagnostics
        .filter(({ code }) => !ignored.includes(code))
        .map(({ start = 0, messageText }) => {
          const { line } = source.getLineAndCharacterOfPosition(start);
          return `${page}:${line + 1}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
        }),
    );
  }
  return complaints;
}
