import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { nearDuplicates } from 'simclr-ts/evaluation';
import type { SkippedImage } from 'simclr-ts/node';
import type { Action, Context, Result } from '../../context.js';
import { listFolder, warnOfSkipped } from '../pictures.js';
import { type FolderOptions, folderVectors, indexRemedy } from './folder-vectors.js';
import { describePlace, type ModelVectors } from './model-vectors.js';

interface DuplicatesOptions extends FolderOptions {
  threshold?: number;
  exact?: boolean;
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function addTo<Key>(groups: Map<Key, string[]>, key: Key, path: string): void {
  const group = groups.get(key);
  if (group) group.push(path);
  else groups.set(key, [path]);
}

/**
 * Smallest similarity of pictures that look the same. Measured on CIFAR-10, see docs/readout.md: at so many dimensions, 2,000
 * different pictures have about one pair above it.
 */
function usualThreshold({ at, dim }: Pick<ModelVectors, 'at' | 'dim'>): number {
  if (at === 'h' || dim < 64) return 0.98;
  return dim < 192 ? 0.92 : 0.85;
}

/** Groups of files with the same bytes. Only those of equal size are read. */
async function equalFiles(
  paths: readonly string[],
): Promise<{ groups: string[][]; skipped: SkippedImage[] }> {
  const skipped: SkippedImage[] = [];
  const bySize = new Map<number, string[]>();
  for (const path of paths) {
    try {
      const { size } = await stat(path);
      addTo(bySize, size, path);
    } catch (error) {
      skipped.push({ path, reason: (error as Error).message });
    }
  }
  const byHash = new Map<string, string[]>();
  for (const candidates of bySize.values()) {
    if (candidates.length < 2) continue;
    for (const path of candidates) {
      try {
        addTo(byHash, await hashOf(path), path);
      } catch (error) {
        skipped.push({ path, reason: (error as Error).message });
      }
    }
  }
  const order = new Map(paths.map((path, i) => [path, i]));
  const groups = [...byHash.values()].filter((group) => group.length > 1);
  groups.sort((a, b) => order.get(a[0]!)! - order.get(b[0]!)!);
  return { groups, skipped };
}

/** Groups of files with the same hash, in the order of the files. */
function equalHashes(paths: readonly string[], hashes: readonly string[]): string[][] {
  const byHash = new Map<string, string[]>();
  for (const [i, path] of paths.entries()) addTo(byHash, hashes[i]!, path);
  return [...byHash.values()].filter((group) => group.length > 1);
}

/** Equal files only, without a model. */
async function exactDuplicates(dir: string, context: Context): Promise<Result> {
  const { paths } = await listFolder(dir);
  const equal = await equalFiles(paths);
  warnOfSkipped(equal.skipped, context);
  const json = { pictures: paths.length, exact: equal.groups, similar: [], skipped: equal.skipped };
  return { text: describe(equal.groups, [], paths.length), json };
}

const remedy = `${indexRemedy} --exact finds equal files without a model.`;

/** `duplicates DIR`: equal files, and pictures whose vectors point the same way. */
export const duplicates: Action<DuplicatesOptions> = async ([dir], options, context) => {
  if (options.exact) return exactDuplicates(dir!, context);
  const found = await folderVectors(dir!, options, context, remedy);
  try {
    const { paths, hashes } = found;
    const threshold = options.threshold ?? usualThreshold(found);
    const equal = hashes ? equalHashes(paths, hashes) : (await equalFiles(paths)).groups;
    const groups = await nearDuplicates(found.vectors, { threshold });
    const similar = groups.map(({ rows, similarity }) => ({
      paths: rows.map((row) => paths[row]!),
      similarity,
    }));
    const equalGroup = new Map(equal.flatMap((group, i) => group.map((path) => [path, i] as const)));
    // A group that holds only equal files was already reported.
    const others = similar.filter(({ paths: [first, ...rest] }) => {
      const group = equalGroup.get(first!);
      return group === undefined || rest.some((path) => equalGroup.get(path) !== group);
    });
    return {
      text: `${describe(equal, others, paths.length)}\n\ncompared by ${describePlace(found)}, threshold ${threshold}`,
      json: {
        pictures: paths.length,
        model: found.model,
        at: found.at,
        threshold,
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

interface SimilarFiles {
  paths: readonly string[];
  similarity: { low: number; high: number };
}

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
