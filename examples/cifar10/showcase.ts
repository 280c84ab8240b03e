import { tensor4d } from '@tensorflow/tfjs-core';
import { type EmbeddingArray, type LabeledImages, nearestNeighbors, type SimCLR } from 'simclr-ts';
import type { LabeledPicture, NeighborRow, ReportMap, ReportPicture, ViewRow } from 'simclr-ts/report';
import type { EvaluationEmbeddings } from './measure.js';

const pictureBytes = 32 * 32 * 3;

function picture(labeled: LabeledImages, index: number): LabeledPicture {
  const pixels = labeled.images.data.subarray(index * pictureBytes, (index + 1) * pictureBytes) as Uint8Array;
  return { pixels, width: 32, height: 32, label: labeled.labels[index]! };
}

function rows({ data, shape }: EmbeddingArray, count: number): EmbeddingArray {
  return { data: data.subarray(0, count * shape[1]), shape: [count, shape[1]] };
}

/** Some training pictures beside the two views that the first epoch would draw of them. */
export async function showViews(simclr: SimCLR, labeled: LabeledImages, count: number): Promise<ViewRow[]> {
  const indices = Array.from({ length: count }, (_, index) => index);
  const values = Float32Array.from(
    labeled.images.data.subarray(0, count * pictureBytes),
    (byte) => byte / 255,
  );
  const images = tensor4d(values, [count, 32, 32, 3]);
  const views = simclr.views(images, indices, 0);
  const [view1, view2] = await Promise.all(views.map((view) => view.data()));
  for (const tensor of [images, ...views]) tensor.dispose();
  // The encoder sees normalized pixels; a page shows them as they were before.
  const { mean, std } = simclr.normalization ?? { mean: [0, 0, 0], std: [1, 1, 1] };
  const cut = (data: ArrayLike<number>, index: number): ReportPicture => ({
    pixels: Uint8Array.from({ length: pictureBytes }, (_, i) =>
      Math.round(255 * (data[index * pictureBytes + i]! * std[i % 3]! + mean[i % 3]!)),
    ),
    width: 32,
    height: 32,
  });
  return indices.map((index) => ({
    original: picture(labeled, index),
    view1: cut(view1!, index),
    view2: cut(view2!, index),
  }));
}

/** The first test pictures with their embeddings before and after training. */
export function mapOf(
  test: LabeledImages,
  before: EmbeddingArray,
  after: EmbeddingArray,
  count: number,
): ReportMap {
  const number = Math.min(count, before.shape[0]);
  return {
    pictures: Array.from({ length: number }, (_, index) => picture(test, index)),
    embeddings: [
      { name: 'Before training', embeddings: rows(before, number) },
      { name: 'After training', embeddings: rows(after, number) },
    ],
  };
}

/** One query of each of the first classes, with its nearest reference pictures before and after training. */
export async function neighborsOf(
  test: LabeledImages,
  references: LabeledImages,
  before: EvaluationEmbeddings,
  after: EvaluationEmbeddings,
  { queries, neighbors }: { queries: number; neighbors: number },
): Promise<NeighborRow[]> {
  const chosen = Array.from({ length: queries }, (_, label) => test.labels.indexOf(label)).filter(
    (i) => i >= 0,
  );
  const find = async (embeddings: EvaluationEmbeddings) => {
    const dim = embeddings.test.shape[1];
    const data = new Float32Array(chosen.length * dim);
    chosen.forEach((index, row) => {
      data.set(embeddings.test.data.subarray(index * dim, (index + 1) * dim), row * dim);
    });
    return nearestNeighbors({ data, shape: [chosen.length, dim] }, embeddings.references, neighbors);
  };
  const [found, foundAfter] = [await find(before), await find(after)];
  const pick = (indices: Int32Array, row: number) =>
    Array.from(indices.subarray(row * neighbors, (row + 1) * neighbors), (index) =>
      picture(references, index),
    );
  return chosen.map((index, row) => ({
    query: picture(test, index),
    found: [
      { name: 'Before', pictures: pick(found.indices, row) },
      { name: 'After', pictures: pick(foundAfter.indices, row) },
    ],
  }));
}
