import { tidy } from '@tensorflow/tfjs-core';
import { colorsOf } from '../../augmentations/normalize.js';
import { sliceImages } from '../../data/image-rows.js';
import type { ImageArrayLike } from '../../data/index.js';
import { spreadRows } from '../../data/spread-rows.js';
import { type EmbeddingArray, nearestNeighbors } from '../../evaluation/embedding-evaluation.js';
import type { Trainer } from '../../training/index.js';
import type {
  FoundPictures,
  LabeledPicture,
  NeighborRow,
  ReportMap,
  ReportPicture,
  ViewRow,
} from '../types.js';
import { thumbnail } from './thumbnail.js';

/** Pictures that a page can show, with their classes if these are known. */
export interface PicturesToShow {
  /** Number of pictures. */
  count: number;
  /** The class of each. */
  labels?: ArrayLike<number>;
  /** A picture by its row. */
  picture(row: number): ReportPicture | Promise<ReportPicture>;
}

/** Embeddings of the references and the test pictures, with a name such as 'Before'. */
export interface NamedParts {
  /** Its heading. */
  name: string;
  /** Of the pictures that are searched. */
  references: EmbeddingArray;
  /** Of the pictures that are queries. */
  test: EmbeddingArray;
}

const mapPictures = 400;
const queries = 8;
const neighbors = 6;

/** Some rows of `embeddings`. */
export function embeddingRows(
  { data, shape: [, dim] }: EmbeddingArray,
  rows: readonly number[],
): EmbeddingArray {
  const taken = new Float32Array(rows.length * dim);
  for (const [i, row] of rows.entries()) taken.set(data.subarray(row * dim, (row + 1) * dim), i * dim);
  return { data: taken, shape: [rows.length, dim] };
}

/** Rows of queries: one of each of the first classes, more of each if classes are few. */
function queryRows({ count, labels }: PicturesToShow): number[] {
  if (!labels) return spreadRows(count, queries);
  const byClass = new Map<number, number[]>();
  for (let row = 0; row < count; row++) {
    const rows = byClass.get(labels[row]!) ?? [];
    if (rows.length < queries) byClass.set(labels[row]!, [...rows, row]);
  }
  const classes = [...byClass.keys()].sort((a, b) => a - b).slice(0, queries);
  const each = Math.max(1, Math.floor(queries / classes.length));
  return classes.flatMap((label) => byClass.get(label)!.slice(0, each));
}

async function show({ labels, picture }: PicturesToShow, row: number): Promise<LabeledPicture> {
  return { ...(await picture(row)), ...(labels && { label: labels[row]! }) };
}

async function showAll(pictures: PicturesToShow, rows: readonly number[]): Promise<LabeledPicture[]> {
  const shown: LabeledPicture[] = [];
  for (const row of rows) shown.push(await show(pictures, row)); // one by one: each may be decoded
  return shown;
}

/** Pictures in memory, reduced to at most 48 pixels a side. */
export function thumbnails(images: ImageArrayLike, labels?: ArrayLike<number>): PicturesToShow {
  return {
    count: images.shape[0]!,
    ...(labels && { labels }),
    picture: (row) => thumbnail(images, row),
  };
}

/**
 * Eight pictures with the views that the first epoch draws of them, for `writeReport`.
 *
 * @param simclr - Its augmentation makes the views.
 * @param images - At least one picture, of which the first eight are taken; they have the encoder's channels.
 */
export async function viewRows(simclr: Trainer, images: ImageArrayLike): Promise<ViewRow[]> {
  const count = Math.min(8, images.shape[0]!);
  const indices = Array.from({ length: count }, (_, index) => index);
  const views = tidy(() => {
    return simclr.views(sliceImages('viewRows', images, 0, count), indices, 0);
  });
  try {
    const [view1, view2] = await Promise.all(
      views.slice(0, 2).map((view) => colorsOf(view, simclr.normalization)),
    );
    return indices.map((index) => ({
      original: thumbnail(images, index),
      view1: thumbnail(view1!, index),
      view2: thumbnail(view2!, index),
    }));
  } finally {
    for (const view of views) view.dispose();
  }
}

/**
 * A map of at most 400 test pictures for each embedding, for `writeReport`.
 *
 * @param test - The pictures; row i of each embedding belongs to picture i.
 * @param embeddings - Names with embeddings of the test pictures.
 */
export async function mapOf(
  test: PicturesToShow,
  embeddings: readonly Pick<NamedParts, 'name' | 'test'>[],
): Promise<ReportMap> {
  const rows = spreadRows(test.count, mapPictures);
  return {
    pictures: await showAll(test, rows),
    embeddings: embeddings.map(({ name, test: vectors }) => ({
      name,
      embeddings: embeddingRows(vectors, rows),
    })),
  };
}

/**
 * About eight test pictures with the six references nearest to each, by each embedding, for `writeReport`.
 *
 * @param references - The pictures that are searched.
 * @param test - The queries. If they are the same object as `references`, no query finds itself.
 * @param embeddings - Embeddings of both, by name.
 */
export async function neighborRows(
  references: PicturesToShow,
  test: PicturesToShow,
  embeddings: readonly NamedParts[],
): Promise<NeighborRow[]> {
  const searchesItself = references === test;
  const rows = queryRows(test);
  const count = Math.min(neighbors + (searchesItself ? 1 : 0), references.count);
  const found: { name: string; indices: Int32Array }[] = [];
  for (const { name, ...vectors } of embeddings) {
    const { indices } = await nearestNeighbors(embeddingRows(vectors.test, rows), vectors.references, count);
    found.push({ name, indices });
  }
  const result: NeighborRow[] = [];
  for (const [i, row] of rows.entries()) {
    const strips: FoundPictures[] = [];
    for (const { name, indices } of found) {
      const others = Array.from(indices.subarray(i * count, (i + 1) * count))
        .filter((reference) => !(searchesItself && reference === row))
        .slice(0, neighbors);
      strips.push({ name, pictures: await showAll(references, others) });
    }
    result.push({ query: await show(test, row), found: strips });
  }
  return result;
}
