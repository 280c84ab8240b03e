import { type Progress, progress } from 'simclr-ts/node';
import { writePictureMap } from 'simclr-ts/report';
import { spreadRows } from '../../../data/spread-rows.js';
import type { Action } from '../../context.js';
import { counted } from '../table.js';
import { type FolderOptions, type FolderVectors, folderVectors } from '../vectors/folder-vectors.js';
import { describePlace } from '../vectors/model-vectors.js';
import { prepareFile } from '../write-file.js';
import { stacksOf } from './folder-stacks.js';
import { openPage } from './open-page.js';

interface MapOptions extends FolderOptions {
  out: string;
  open?: boolean;
  clusters?: number;
  limit: number;
  seed: number;
}

/** Some of the pictures, evenly spread. */
function limited(found: FolderVectors, limit: number): FolderVectors {
  if (found.paths.length <= limit) return found;
  const rows = spreadRows(found.paths.length, limit);
  const { dim, hashes } = found;
  const data = new Float32Array(rows.length * dim);
  for (const [i, row] of rows.entries())
    data.set(found.vectors.data.subarray(row * dim, (row + 1) * dim), i * dim);
  return {
    ...found,
    paths: rows.map((row) => found.paths[row]!),
    vectors: { data, shape: [rows.length, dim] },
    ...(hashes && { hashes: rows.map((row) => hashes[row]!) }),
  };
}

/** `map DIR`: a page on which similar pictures lie side by side. */
export const map: Action<MapOptions> = async ([dir], options, context) => {
  const { out, open = false, clusters, limit, seed } = options;
  await prepareFile(out);
  const all = await folderVectors(dir!, options, context);
  let bar: Progress | undefined;
  try {
    const found = limited(all, limit);
    if (found !== all) {
      context.warn(
        `The map shows ${limit} of ${all.paths.length} pictures, evenly spread. --limit shows more.`,
      );
    }
    const { stacks } = await stacksOf(found, { level: 'same' }, context);
    let current = '';
    const page = await writePictureMap(out, {
      title: `Map of ${dir}`,
      paths: found.paths,
      vectors: found.vectors,
      stacks,
      ...(clusters !== undefined && { groups: clusters }),
      seed,
      onProgress(step, done, total) {
        if (step !== current) {
          bar?.stop();
          bar = progress(total, step === 'layout' ? 'Laying out' : 'Thumbnails', { quiet: context.quiet });
          current = step;
        }
        bar?.update(done);
      },
    });
    bar?.stop();
    if (open) await openPage(page, context);
    return {
      text: `${page}: a map of ${counted(found.paths.length, 'picture')}, with ${counted(stacks.length, 'stack')} of near-duplicates\n\ncompared by ${describePlace(found)}, centered and whitened`,
      json: {
        map: page,
        pictures: found.paths.length,
        model: found.model,
        at: found.at,
        stacks: stacks.length,
        ...(found.index && { index: found.index }),
        skipped: found.skipped,
      },
    };
  } finally {
    bar?.stop();
    all.dispose();
  }
};
