import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { SkippedImage } from 'simclr-ts/node';
import type { Action } from '../context.js';
import { embedPictures } from './embed-pictures.js';
import { type ModelOptions, openModel } from './open-model.js';
import { listFolder, warnOfSkipped } from './pictures.js';
import { similarPairs } from './similar-pairs.js';

interface DuplicatesOptions extends ModelOptions {
  threshold: number;
  exact?: boolean;
  batchSize: number;
}

/** Groups of rows that are linked, each in ascending order; rows on their own are left out. */
export function linkedGroups(count: number, pairs: Iterable<readonly [number, number]>): number[][] {
  const parents = Array.from({ length: count }, (_, row) => row);
  const root = (row: number): number => {
    let top = row;
    while (parents[top] !== top) top = parents[top]!;
    while (parents[row] !== top) [parents[row], row] = [top, parents[row]!];
    return top;
  };
  for (const [a, b] of pairs) {
    const [low, high] = [root(a), root(b)].sort((x, y) => x - y) as [number, number];
    parents[high] = low;
  }
  const groups = new Map<number, number[]>();
  for (let row = 0; row < count; row++) {
    const top = root(row);
    const group = groups.get(top);
    if (group) group.push(row);
    else groups.set(top, [row]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
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
      bySize.set(size, [...(bySize.get(size) ?? []), path]);
    } catch (error) {
      skipped.push({ path, reason: (error as Error).message });
    }
  }
  const byHash = new Map<string, string[]>();
  for (const candidates of bySize.values()) {
    if (candidates.length < 2) continue;
    for (const path of candidates) {
      try {
        const hash = await hashOf(path);
        byHash.set(hash, [...(byHash.get(hash) ?? []), path]);
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

/** `duplicates DIR`: equal files, and pictures whose vectors point the same way. */
export const duplicates: Action<DuplicatesOptions> = async ([dir], options, context) => {
  const { paths } = await listFolder(dir!);
  const simclr = options.exact
    ? undefined
    : await openModel(options, context, ' Equal files alone can be found without one: --exact.');
  try {
    const equal = await equalFiles(paths);
    if (!simclr) {
      warnOfSkipped(equal.skipped, context);
      const json = { pictures: paths.length, exact: equal.groups, similar: [], skipped: equal.skipped };
      return { text: describe(equal.groups, []), json };
    }
    const embedded = await embedPictures(simclr, paths, options.batchSize, context);
    const pairs = await similarPairs(embedded.vectors, options.threshold);
    const similar = linkedGroups(
      embedded.paths.length,
      pairs.map(({ a, b }) => [a, b] as const),
    ).map((rows) => {
      const members = new Set(rows);
      const within = pairs.filter(({ a }) => members.has(a)).map(({ similarity }) => similarity);
      return {
        paths: rows.map((row) => embedded.paths[row]!),
        similarity: { low: Math.min(...within), high: Math.max(...within) },
      };
    });
    const equalGroup = new Map(equal.groups.flatMap((group, i) => group.map((path) => [path, i] as const)));
    // A group of nothing but equal files is told once.
    const others = similar.filter(({ paths: [first, ...rest] }) => {
      const group = equalGroup.get(first!);
      return group === undefined || rest.some((path) => equalGroup.get(path) !== group);
    });
    return {
      text: describe(equal.groups, others),
      json: {
        pictures: embedded.paths.length,
        model: options.model,
        threshold: options.threshold,
        exact: equal.groups,
        similar: others,
        skipped: embedded.skipped,
      },
    };
  } finally {
    simclr?.dispose();
  }
};

function describe(
  equal: readonly (readonly string[])[],
  similar: readonly { paths: readonly string[]; similarity: { low: number; high: number } }[],
): string {
  const blocks = [
    ...equal.map((group) => ['the same file:', ...group]),
    ...similar.map(({ paths, similarity: { low, high } }) => {
      const range = low.toFixed(4) === high.toFixed(4) ? '' : ` to ${high.toFixed(4)}`;
      return [`similar, ${low.toFixed(4)}${range}:`, ...paths];
    }),
  ];
  if (blocks.length === 0) return 'No duplicates.';
  return blocks
    .map(([title, ...paths]) => [title, ...paths.map((path) => `  ${path}`)].join('\n'))
    .join('\n\n');
}
