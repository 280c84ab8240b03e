import { extname } from 'node:path';
import { proposeToLabel } from 'simclr-ts/evaluation';
import type { Context, Result } from '../../context.js';
import { picturePage } from '../selecting/picture-page.js';
import { counted } from '../table.js';
import type { FolderVectors } from '../vectors/folder-vectors.js';
import { quoted } from '../vectors/vector-formats.js';
import { writeWhole } from '../write-file.js';
import type { CollectedNames } from './collect-names.js';
import type { LabelOptions } from './label-options.js';
import { nameRows, numberNames } from './name-rows.js';

/** A picture to name, and what it seems to be. */
interface NextPicture {
  path: string;
  /** null: nothing is known, or it seems to be none of the names. */
  guess: string | null;
  confidence: number | null;
}

/** A table whose column `name` is to be filled in. */
const csvOf = (pictures: readonly NextPicture[]) =>
  [
    'path,name,guess,confidence',
    ...pictures.map(
      ({ path, guess, confidence }) =>
        `${quoted(path)},,${quoted(guess ?? '')},${confidence?.toFixed(4) ?? ''}`,
    ),
    '',
  ].join('\n');

/** `label DIR --next N`: the pictures to name next. */
export async function nextPictures(
  dir: string,
  found: FolderVectors,
  { rows }: CollectedNames,
  { next, out, noneShare }: LabelOptions,
  context: Context,
): Promise<Result> {
  const named = numberNames(rows);
  const open = found.paths.length - named.rows.length;
  const count = Math.min(next!, open);
  if (count < next!) {
    context.warn(`--next ${next} is more than have no name: ${counted(open, 'picture')}.`);
  }
  const proposed =
    count === 0
      ? []
      : [...(await proposeToLabel(found.vectors, { rows: named.rows, labels: named.labels }, { count }))];
  const guesses = named.classNames.length > 0 ? await nameRows(dir, found, rows, noneShare) : undefined;
  const pictures = proposed.map((row): NextPicture => {
    const guess = guesses?.files[row];
    return { path: found.paths[row]!, guess: guess?.name ?? null, confidence: guess?.confidence ?? null };
  });
  const json = {
    pictures: found.paths.length,
    named: named.rows.length,
    ...(found.index && { index: found.index }),
    next: pictures,
    ...(out !== undefined && { out }),
    skipped: found.skipped,
  };
  if (out !== undefined) {
    const texts: Record<string, () => string | Promise<string>> = {
      '.csv': () => csvOf(pictures),
      '.json': () => `${JSON.stringify(json, null, 2)}\n`,
      '.html': () =>
        picturePage({
          title: 'Pictures to name next',
          facts: { named: `${named.rows.length} of ${found.paths.length}` },
          pictures: pictures.map(({ path, guess, confidence }) => ({
            path,
            caption: guess === null ? '' : `${guess}? ${confidence!.toFixed(2)}`,
          })),
        }),
    };
    await writeWhole(out, await texts[extname(out)]!());
  }
  return { text: pictures.map(({ path }) => path).join('\n') || 'Every picture has a name.', json };
}
