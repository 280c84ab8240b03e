import { realpath } from 'node:fs/promises';
import { nearestNeighbors } from 'simclr-ts/evaluation';
import type { Action } from '../../context.js';
import { CommandError, exitCodes } from '../../exit-codes.js';
import { type ModelOptions, openModel } from '../open-model.js';
import { listFolder } from '../pictures.js';
import { table } from '../table.js';
import { embedPictures } from './embed-pictures.js';
import { describePlace, type PlaceOptions, vectorsOf } from './model-vectors.js';

interface SearchOptions extends ModelOptions, PlaceOptions {
  in?: string;
  results: number;
  batchSize: number;
}

/** The real path of a file. A missing file is reported when it is read. */
async function realName(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

/** `search IMAGE --in DIR`: the nearest pictures by cosine similarity. */
export const search: Action<SearchOptions> = async ([image], options, context) => {
  const { in: folder, results: wanted, batchSize } = options;
  if (folder === undefined) {
    throw new CommandError('--in DIR is required: the folder to search.', exitCodes.usage);
  }
  const { paths } = await listFolder(folder);
  const simclr = await openModel(options, context);
  try {
    const vectors = vectorsOf(simclr, options, 'readout', context);
    const query = await embedPictures({
      vectors,
      paths: [image!],
      batchSize: 1,
      context: { ...context, quiet: true },
    });
    if (query.vectors.data.every((value) => value === 0)) {
      throw new CommandError(
        `The vector of ${image} must not be zero, because zero has no direction to compare. ` +
          'The training of this model went wrong.',
        exitCodes.model,
      );
    }
    const found = await embedPictures({ vectors, paths, batchSize, context });
    const own = await realName(image!);
    // One more than is shown, because the query itself may be in the folder.
    const count = Math.min(wanted + 1, found.paths.length);
    const { indices, similarities } = await nearestNeighbors(query.vectors, found.vectors, count);
    const results: { path: string; similarity: number }[] = [];
    for (const [rank, index] of indices.entries()) {
      const path = found.paths[index]!;
      if (results.length < wanted && (await realName(path)) !== own) {
        results.push({ path, similarity: similarities[rank]! });
      }
    }
    const rows = results.map(({ path, similarity }, i) => [i + 1, similarity.toFixed(4), path]);
    return {
      text:
        results.length > 0
          ? `${table(['rank', 'similarity', 'file'], rows)}\n\ncompared by ${describePlace(vectors)}`
          : `There is no other picture in ${folder}.`,
      json: {
        query: image,
        model: options.model,
        at: vectors.at,
        searched: found.paths.length,
        results,
        skipped: found.skipped,
      },
    };
  } finally {
    simclr.dispose();
  }
};
