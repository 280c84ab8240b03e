import { extname } from 'node:path';
import { type DiverseSelection, selectDiverse } from 'simclr-ts/evaluation';
import type { Action } from '../../context.js';
import { weighed } from '../labeling/weighed-vectors.js';
import { counted } from '../table.js';
import { type FolderVectors, folderVectors, many } from '../vectors/folder-vectors.js';
import { describePlace } from '../vectors/model-vectors.js';
import { quoted } from '../vectors/vector-formats.js';
import { prepareFile, writeWhole } from '../write-file.js';
import { copyPictures, prepareCopies } from './copy-pictures.js';
import { picturePage } from './picture-page.js';
import { checkSelectOptions, type SelectOptions, selectionOf } from './select-options.js';

/** A selected picture. */
interface SelectedPicture {
  path: string;
  /** The highest cosine similarity with one selected before; null where there is none. */
  similarity: number | null;
  folder?: string;
}

/** The selected pictures, best first, with the folder of each where folders are balanced. */
function picturesOf(
  { rows, similarities }: DiverseSelection,
  { paths }: FolderVectors,
  folderOf: (row: number) => string | undefined,
): SelectedPicture[] {
  return Array.from(rows, (row, i) => {
    const similarity = similarities[i]!;
    const folder = folderOf(row);
    return {
      path: paths[row]!,
      similarity: Number.isNaN(similarity) ? null : similarity,
      ...(folder !== undefined && { folder }),
    };
  });
}

const csvOf = (pictures: readonly SelectedPicture[]) =>
  [
    'rank,path,similarity',
    ...pictures.map(({ path, similarity }, i) => `${i + 1},${quoted(path)},${similarity ?? ''}`),
    '',
  ].join('\n');

/** What `--model` needs to be without an index. */
const remedy = ' `simclr-ts index DIR` makes an index, with which select needs no training.';

/** `select DIR`: pictures that stand for a folder, or that differ most. */
export const select: Action<SelectOptions> = async ([dir], options, context) => {
  await checkSelectOptions(options);
  const { out, copy, count, near } = options;
  if (out !== undefined) await prepareFile(out);
  if (copy !== undefined) await prepareCopies(copy);
  const plain = await folderVectors(dir!, options, context, remedy);
  try {
    const found = await weighed(plain);
    const total = found.paths.length;
    if (count! > total) {
      context.warn(`--count ${count} is more than there are: all ${counted(total, 'picture')} are selected.`);
    }
    const { options: plan, folders } = await selectionOf(dir!, found, options);
    const selection = await selectDiverse(found.vectors, plan);
    const pictures = picturesOf(selection, found, (row) => folders?.[plan.groups![row]!]);
    const { mean, lowest } = selection.coverage;
    const covered = `${near ? 'a picture near the example' : 'a picture of the folder'} is ${mean.toFixed(3)} like its nearest selected one on average, and at least ${lowest.toFixed(3)}`;
    context.note(
      `${pictures.length.toLocaleString('en')} of ${many(total, 'picture')}, by ${describePlace(found)}: ${covered}.`,
    );
    const json = {
      pictures: total,
      method: plan.method,
      model: found.model,
      at: found.at,
      ...(found.index && { index: found.index }),
      coverage: selection.coverage,
      selected: pictures,
      ...(out !== undefined && { out }),
      ...(copy !== undefined && { copy }),
      skipped: found.skipped,
    };
    if (out !== undefined) {
      const facts = {
        selected: `${pictures.length} of ${total}`,
        method: plan.method!,
        'mean coverage': mean.toFixed(3),
        'lowest coverage': lowest.toFixed(3),
      };
      const texts: Record<string, () => string | Promise<string>> = {
        '.csv': () => csvOf(pictures),
        '.json': () => `${JSON.stringify(json, null, 2)}\n`,
        '.html': () =>
          picturePage({
            title: 'Selected pictures',
            facts,
            pictures: pictures.map(({ path, similarity }) => ({
              path,
              caption: similarity === null ? '' : `similarity with those before: ${similarity.toFixed(2)}`,
            })),
          }),
      };
      await writeWhole(out, await texts[extname(out)]!());
    }
    if (copy !== undefined) {
      await copyPictures(
        copy,
        pictures.map(({ path }) => path),
      );
    }
    return { text: pictures.map(({ path }) => path).join('\n'), json };
  } finally {
    plain.dispose();
  }
};
