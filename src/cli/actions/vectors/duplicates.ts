import { nearDuplicates } from 'simclr-ts/evaluation';
import type { StackCalibration } from 'simclr-ts/node';
import { equalFiles } from '../../../node/stacks/equal-files.js';
import type { Action, Context, Result } from '../../context.js';
import { listFolder, warnOfSkipped } from '../pictures.js';
import { describeCalibrations, stacksOf } from '../stacks/folder-stacks.js';
import { type FolderOptions, type FolderVectors, folderVectors, indexRemedy } from './folder-vectors.js';
import { describePlace } from './model-vectors.js';

interface DuplicatesOptions extends FolderOptions {
  threshold?: number;
  precision: number;
  exact?: boolean;
}

/** Equal files only, without a model. */
async function exactDuplicates(dir: string, context: Context): Promise<Result> {
  const { paths } = await listFolder(dir);
  const { groups, skipped } = await equalFiles(paths);
  warnOfSkipped(skipped, context);
  const json = { pictures: paths.length, exact: groups, similar: [], skipped };
  return { text: describe(groups, [], paths.length), json };
}

interface SimilarFiles {
  paths: readonly string[];
  similarity: { low: number; high: number };
}

interface Found {
  equal: readonly (readonly string[])[];
  similar: SimilarFiles[];
  threshold: number;
  calibration?: StackCalibration;
}

/** What is linked by pairs of plain vectors at or above a given threshold. */
async function byThreshold({ paths, hashes, vectors }: FolderVectors, threshold: number): Promise<Found> {
  const { groups: equal } = await equalFiles(paths, hashes);
  const groups = await nearDuplicates(vectors, { threshold });
  const similar = groups.map(({ rows, similarity }) => ({
    paths: rows.map((row) => paths[row]!),
    similarity,
  }));
  return { equal, similar, threshold };
}

/** What is the same picture, by the threshold that the pictures themselves give. */
async function calibrated(found: FolderVectors, precision: number, context: Context): Promise<Found> {
  const { stacks, same } = await stacksOf(found, { level: 'same', precision }, context);
  const { groups: equal } = await equalFiles(found.paths, found.hashes);
  const order = new Map(found.paths.map((path, i) => [path, i]));
  const similar = stacks.map(({ shots: [shot] }) => {
    const pictures = [...shot!.pictures].sort((a, b) => order.get(a.path)! - order.get(b.path)!);
    const [, high = 1, ...others] = pictures.map(({ similarity }) => similarity).sort((a, b) => b - a);
    return { paths: pictures.map(({ path }) => path), similarity: { low: others.at(-1) ?? high, high } };
  });
  return { equal, similar, threshold: same?.threshold ?? 1, ...(same && { calibration: same }) };
}

const remedy = `${indexRemedy} --exact finds equal files without a model.`;

/** `duplicates DIR`: equal files, and pictures whose vectors point the same way. */
export const duplicates: Action<DuplicatesOptions> = async ([dir], options, context) => {
  if (options.exact) return exactDuplicates(dir!, context);
  const found = await folderVectors(dir!, options, context, remedy);
  try {
    const { paths } = found;
    const { equal, similar, threshold, calibration } =
      options.threshold === undefined
        ? await calibrated(found, options.precision, context)
        : await byThreshold(found, options.threshold);
    const equalGroup = new Map(equal.flatMap((group, i) => group.map((path) => [path, i] as const)));
    // A group that holds only equal files was already reported.
    const others = similar.filter(({ paths: [first, ...rest] }) => {
      const group = equalGroup.get(first!);
      return group === undefined || rest.some((path) => equalGroup.get(path) !== group);
    });
    const compared = `compared by ${describePlace(found)}, threshold ${Number(threshold.toFixed(7))}`;
    return {
      text: [
        describe(equal, others, paths.length),
        [compared, ...describeCalibrations({ same: calibration })].join('\n'),
      ].join('\n\n'),
      json: {
        pictures: paths.length,
        model: found.model,
        at: found.at,
        threshold,
        ...(calibration && { calibration }),
        ...(found.index && { index: found.index }),
        exact: equal,
        similar: others,
        skipped: found.skipped,
      },
    };
  } finally {
    found.dispose();
  }
};

/** Largest number of files that are printed per group. */
const listedAtMost = 20;

function describe(
  equal: readonly (readonly string[])[],
  similar: readonly SimilarFiles[],
  pictures: number,
): string {
  if (equal.length + similar.length === 0) return 'No duplicates.';
  const block = (title: string, paths: readonly string[]) => {
    const rest = paths.length - listedAtMost;
    const size = rest > 0 ? ` (${paths.length} files)` : '';
    const lines = paths.slice(0, listedAtMost).map((path) => `  ${path}`);
    if (rest > 0) lines.push(`  and ${rest} more; --json lists all`);
    return [`${title}${size}:`, ...lines].join('\n');
  };
  const blocks = [
    ...equal.map((paths) => block('the same file', paths)),
    ...similar.map(({ paths, similarity: { low, high } }) => {
      const range = low.toFixed(4) === high.toFixed(4) ? '' : ` to ${high.toFixed(4)}`;
      return block(`similar, ${low.toFixed(4)}${range}`, paths);
    }),
  ];
  const largest = similar.reduce((size, { paths }) => Math.max(size, paths.length), 0);
  if (largest > listedAtMost && largest > pictures / 2) {
    blocks.push(
      `One group holds ${largest} of ${pictures} pictures. Unless they are copies, the threshold is too low for this model: ` +
        'try a higher --threshold.',
    );
  }
  return blocks.join('\n\n');
}
