import { realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Action } from '../../context.js';
import { CommandError, exitCodes } from '../../exit-codes.js';
import { pageFacts } from '../page-facts.js';
import { picturePage } from '../selecting/picture-page.js';
import { openPage } from '../stacks/open-page.js';
import { table } from '../table.js';
import { prepareFile, writeWhole } from '../write-file.js';
import { checkPicture } from './embed-pictures.js';
import { type FolderOptions, folderVectors, many } from './folder-vectors.js';
import { describePlace } from './model-vectors.js';

interface SearchOptions extends FolderOptions {
  in?: string;
  results: number;
  html?: string;
  open?: boolean;
}

/** The real path of a file. A missing file is reported when it is read. */
async function realName(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

/** `search IMAGE --in DIR`: the nearest pictures by cosine similarity. */
export const search: Action<SearchOptions> = async ([image], options, context) => {
  const { in: folder, results: limit, open = false } = options;
  const html = options.html ?? (open ? 'search.html' : undefined);
  if (folder === undefined) {
    throw new CommandError('--in DIR is required: the folder to search.', exitCodes.usage);
  }
  await checkPicture(image!);
  if (html !== undefined) await prepareFile(html);
  const found = await folderVectors(folder, options, context);
  try {
    const query = await found.embed(image!);
    if (query.data.every((value) => value === 0)) {
      throw new CommandError(
        `The vector of ${image} must not be zero, because zero has no direction to compare. ` +
          'The training of this model went wrong.',
        exitCodes.model,
      );
    }
    const own = await realName(image!);
    // One more than is shown, because the query itself may be in the folder.
    const count = Math.min(limit + 1, found.paths.length);
    const { indices, similarities } = await found.search(query, count);
    const results: { path: string; similarity: number }[] = [];
    for (const [rank, index] of indices.entries()) {
      const path = found.paths[index]!;
      if (results.length < limit && (await realName(path)) !== own) {
        results.push({ path, similarity: similarities[rank]! });
      }
    }
    if (html !== undefined) {
      const page = await picturePage({
        title: `Pictures like ${basename(image!)}`,
        facts: {
          searched: `${many(found.paths.length, 'picture')} of ${folder}`,
          'compared by': describePlace(found),
          ...pageFacts(context),
        },
        query: { path: image!, caption: '' },
        pictures: results.map(({ path, similarity }) => ({
          path,
          caption: `similarity ${similarity.toFixed(2)}`,
        })),
      });
      await writeWhole(html, page);
      if (open) await openPage(html, context);
    }
    const rows = results.map(({ path, similarity }, i) => [i + 1, similarity.toFixed(4), path]);
    return {
      text:
        results.length > 0
          ? [
              table(['rank', 'similarity', 'file'], rows),
              `compared by ${describePlace(found)}`,
              ...(html === undefined ? [] : [`written: ${html}`]),
            ].join('\n\n')
          : `There is no other picture in ${folder}.`,
      json: {
        query: image,
        model: found.model,
        at: found.at,
        searched: found.paths.length,
        ...(found.index && { index: found.index }),
        results,
        ...(html !== undefined && { files: [html] }),
        skipped: found.skipped,
      },
    };
  } finally {
    found.dispose();
  }
};
