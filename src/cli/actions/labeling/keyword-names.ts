import { readKeywords, type SkippedImage } from 'simclr-ts/node';
import { isError } from '../../../errors/is-error.js';
import { forEachFile } from '../../../node/files/for-each-file.js';

/** Names from the keywords of pictures. */
export interface KeywordNames {
  /** By row. */
  names: Map<number, string>;
  /** Pictures with several keywords that could be their name. */
  ambiguous: string[];
  /** Pictures whose keywords cannot be read. */
  skipped: SkippedImage[];
}

/** The keywords of a picture that are names: all, or those of a list, which may be the last parts of hierarchies. */
function namesAmong(keywords: readonly string[], chosen: readonly string[] | undefined): string[] {
  if (!chosen) return [...keywords];
  return chosen.filter((name) =>
    keywords.some((keyword) => keyword === name || keyword.endsWith(`/${name}`)),
  );
}

/**
 * Takes the keyword of each picture as its name.
 *
 * @param chosen - The keywords that are names, separated by commas; true for all.
 */
export async function keywordNames(paths: readonly string[], chosen: string | true): Promise<KeywordNames> {
  const list =
    chosen === true
      ? undefined
      : chosen
          .split(',')
          .map((name) => name.trim())
          .filter((name) => name !== '');
  const found = new Array<string[] | undefined>(paths.length);
  const skipped: SkippedImage[] = [];
  await forEachFile(paths, 8, async (path, row) => {
    try {
      found[row] = namesAmong(await readKeywords(path), list);
    } catch (error) {
      if (!isError(error, 'DataError')) throw error;
      skipped.push({ path, reason: error.message.replace(/^\w+: /, '') });
    }
  });
  const names = new Map<number, string>();
  const ambiguous: string[] = [];
  for (const [row, path] of paths.entries()) {
    const own = found[row] ?? [];
    if (own.length === 1) names.set(row, own[0]!);
    if (own.length > 1) ambiguous.push(path);
  }
  return { names, ambiguous, skipped: skipped.sort((a, b) => (a.path < b.path ? -1 : 1)) };
}
