import { checkKeys } from '../../errors/check-keys.js';
import { checkFunction, checkInteger } from '../../errors/checks.js';
import { DataError, ShapeError } from '../../errors/errors.js';
import {
  type EmbeddingArray,
  type Embeddings,
  fitWhitening,
  type NearestNeighbors,
} from '../../evaluation/embedding-evaluation.js';
import { readEmbeddings } from '../../evaluation/embeddings.js';
import { unitRows } from '../../evaluation/linear-algebra/unit-rows.js';
import { searchNeighbors } from '../../evaluation/neighbors/nearest-neighbors.js';
import { importOptional } from '../../node/backends/optional-package.js';
import { type FilePath, toFileName } from '../../node/files/file-path.js';
import type { PictureStack } from '../../node/index.js';
import { pictureLink } from '../page/picture-link.js';
import { classColor } from '../page/styles.js';
import { writeText } from '../page/write-text.js';
import { type MapPoint, mapGroups, outliers, usualGroups } from './map-groups.js';
import { layoutNeighbors, mapLayout } from './map-layout.js';
import { mapPage } from './map-page.js';
import { spriteSheets } from './sprite-sheets.js';

/** What {@link writePictureMap} shows. */
export interface PictureMapData {
  /** The page's heading. */
  title: string;
  /** The picture files. */
  paths: readonly string[];
  /** A row per file, of any model. They are centered and whitened on themselves. */
  vectors: Embeddings;
  /** Pictures that belong together, to be listed; from `findStacks`. @defaultValue none */
  stacks?: readonly PictureStack[];
  /** Groups to make. @defaultValue a quarter of the square root of the number of pictures, at most 24 */
  groups?: number;
  /** Seed of the layout and the groups. @defaultValue `0` */
  seed?: number;
  /** Called with what is being done, and how far it is. */
  onProgress?: (step: 'layout' | 'thumbnails', done: number, total: number) => void;
}

/** Neighbors that the page names for a picture. */
const named = 6;

/** Stacks, and pictures of a stack, that the page lists. */
const mostStacks = 60;
const mostOfStack = 12;

const mostOutliers = 24;

/** Fewer pictures are laid out in a row: UMAP needs some. */
const fewest = 5;

async function whitened(caller: string, vectors: Embeddings): Promise<EmbeddingArray> {
  const { data, rows, dim } = await readEmbeddings(caller, 'data.vectors', vectors);
  const array: EmbeddingArray = { data, shape: [rows, dim] };
  return rows < 2 ? array : (await fitWhitening(array)).apply(array);
}

interface Layout {
  points: MapPoint[];
  width: number;
  height: number;
}

function inARow(count: number): Layout {
  const points = Array.from({ length: count }, (_, i) => ({ x: (i + 0.5) / count, y: 0.5 }));
  return { points, width: 1, height: 1 / count };
}

/** Of each row the first few neighbors. */
function firstNeighbors({ indices, neighbors }: NearestNeighbors, count: number): number[] {
  return Array.from({ length: indices.length / Math.max(1, neighbors) }, (_, row) => row).flatMap((row) =>
    Array.from(indices.subarray(row * neighbors, row * neighbors + count)),
  );
}

function listedStacks(stacks: readonly PictureStack[], paths: readonly string[]) {
  const rowOf = new Map(paths.map((path, row) => [path, row]));
  const titles = { copies: 'Equal files', same: 'The same picture', variants: 'Variants' };
  return stacks.flatMap(({ level, shots }) => {
    const rows = shots.flatMap(({ pictures }) => pictures.flatMap(({ path }) => rowOf.get(path) ?? []));
    if (rows.length < 2) return [];
    return [{ title: `${titles[level]}, ${rows.length} files`, all: rows, rows: rows.slice(0, mostOfStack) }];
  });
}

/**
 * Writes a map of pictures as one HTML page that works offline: a canvas with all thumbnails, laid out by UMAP so that
 * similar pictures lie side by side, to pan and zoom with pointer, touch and keyboard; groups with their most typical
 * pictures; near-duplicates and outliers. Names are text there, whatever they contain: the page runs no script but its own.
 * A backend must be active.
 *
 * 5,000 pictures take about 10 MB and some minutes, most of them to decode the files.
 *
 * @param path - The file to write. Links to the pictures are relative to it.
 * @param data - What to show.
 * @returns The path.
 * @throws `ShapeError` when there is not one row per path, `ValueRangeError` when a vector is not finite.
 * @throws `DataError` when there is no picture, or the file cannot be written.
 * @throws `InvalidOptionError` when `groups` or `seed` is outside its domain.
 * @throws `SimCLRError` when the optional package `sharp` or `umap-js` is not installed.
 * @example
 * const index = await indexFolder('photos');
 * await writePictureMap('map.html', { title: 'My photos', paths: index.paths, vectors: index.vectors });
 */
export async function writePictureMap(path: FilePath, data: PictureMapData): Promise<string> {
  const caller = 'writePictureMap';
  const fields = { title: 1, paths: 1, vectors: 1, stacks: 1, groups: 1, seed: 1, onProgress: 1 };
  checkKeys(caller, data, fields, 'data');
  const { title, paths, stacks = [], seed = 0, onProgress } = data;
  const page = toFileName(caller, 'path', path);
  const count = paths.length;
  if (count === 0)
    throw new DataError(`${caller}: paths must hold at least one picture. Received: none.`, page);
  const { groups: groupCount = usualGroups(count) } = data;
  checkInteger(caller, 'groups', groupCount);
  checkInteger(caller, 'seed', seed, 0);
  if (onProgress !== undefined) checkFunction(caller, 'onProgress', onProgress);
  await importOptional(caller, 'umap-js', () => import('umap-js'));
  const vectors = await whitened(caller, data.vectors);
  if (vectors.shape[0] !== count) {
    throw new ShapeError(
      `${caller}: vectors must have one row per path. Received: vectors=[${vectors.shape}], ${count} paths.`,
    );
  }
  const rows = unitRows({ data: vectors.data, rows: count, dim: vectors.shape[1] });
  const nearest = await searchNeighbors(
    rows,
    rows,
    Math.max(1, Math.min(layoutNeighbors - 1, count - 2)),
    true,
  );
  const { points, width, height } =
    count < fewest
      ? inARow(count)
      : await mapLayout(caller, vectors, nearest, seed, (done, total) => onProgress?.('layout', done, total));
  const listed = listedStacks(stacks, paths);
  const stackOf = new Map(listed.flatMap(({ all }, i) => all.map((row) => [row, i] as const)));
  const { groups, assignments } = await mapGroups(points, vectors, groupCount, seed, stackOf);
  let done = 0;
  const { cell, columns, urls } = await spriteSheets(caller, paths, (more) => {
    done += more;
    onProgress?.('thumbnails', done, count);
  });
  const shown = count < 2 ? 0 : Math.min(named, nearest.neighbors);
  const rounded = (value: number) => Number(value.toFixed(4));
  const html = mapPage({
    title,
    data: {
      points: points.flatMap(({ x, y }) => [rounded(x), rounded(y)]),
      size: [rounded(width), rounded(height)],
      groups: Array.from(assignments),
      marks: groups.map(({ center }, i) => ({
        color: classColor(i),
        x: rounded(center.x),
        y: rounded(center.y),
      })),
      names: [...paths],
      links: paths.map((file) => pictureLink(page, file)),
      near: firstNeighbors(nearest, shown),
      nearest: shown,
      cell,
      columns,
    },
    sheets: urls,
    groups,
    stacks: listed.slice(0, mostStacks),
    moreStacks: Math.max(0, listed.length - mostStacks),
    outliers: count < 4 * mostOutliers ? [] : outliers(nearest, mostOutliers),
  });
  return writeText(caller, path, html);
}
