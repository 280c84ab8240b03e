import { type Tensor2D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import {
  augment,
  type EmbeddingArray,
  evaluationTransform,
  type ImageArray,
  imagesToTensor,
  randomGenerator,
  type SimCLR,
} from 'simclr-ts';
import type { PictureSet } from '../../shared/pictures.js';

/** Pictures that are resized and encoded at a time. */
const atATime = 128;

/** What makes vectors of pictures: a model, or a read-out of it. */
export interface Embedder {
  embed(images: Tensor4D): Promise<Tensor2D>;
}

/** The studio's pictures as the library takes them. */
export function asImages({ names, size, data }: PictureSet): ImageArray {
  return { data, shape: [names.length, size, size, 3] };
}

/** The pictures at `indices` alone. */
export function pick({ size, data }: PictureSet, indices: ArrayLike<number>): ImageArray {
  const length = size * size * 3;
  const picked = new Uint8Array(indices.length * length);
  for (let row = 0; row < indices.length; row++) {
    picked.set(data.subarray(indices[row]! * length, (indices[row]! + 1) * length), row * length);
  }
  return { data: picked, shape: [indices.length, size, size, 3] };
}

/** The pictures at `indices` at the size that a model takes, some at a time. */
function* resizedChunks(
  pictures: PictureSet,
  indices: ArrayLike<number>,
  size: number,
): Generator<{ start: number; images: Tensor4D }> {
  const transform = evaluationTransform({ size });
  for (let start = 0; start < indices.length; start += atATime) {
    const length = Math.min(atATime, indices.length - start);
    const chunk = Array.from({ length }, (_, i) => indices[start + i]!);
    const images = tidy(() => augment(transform, imagesToTensor(pick(pictures, chunk)), randomGenerator(0)));
    yield { start, images };
    images.dispose();
  }
}

/** The pictures at `indices` at the size that a model takes, in that order. */
export async function resized(
  pictures: PictureSet,
  indices: ArrayLike<number>,
  size: number,
): Promise<ImageArray> {
  const length = size * size * 3;
  const data = new Float32Array(indices.length * length);
  for (const { start, images } of resizedChunks(pictures, indices, size)) {
    data.set(await images.data(), start * length);
  }
  return { data, shape: [indices.length, size, size, 3] };
}

/**
 * Vectors of the pictures at `indices`, in that order; `size` is that of the embedder's pictures.
 *
 * @throws the signal's reason when it aborts.
 */
export async function vectorsOf(
  embedder: Embedder,
  pictures: PictureSet,
  indices: ArrayLike<number>,
  size: number,
  signal?: AbortSignal,
): Promise<EmbeddingArray> {
  let data = new Float32Array(0);
  let dim = 0;
  for (const { start, images } of resizedChunks(pictures, indices, size)) {
    signal?.throwIfAborted();
    const vectors = await embedder.embed(images);
    if (dim === 0) {
      dim = vectors.shape[1];
      data = new Float32Array(indices.length * dim);
    }
    data.set(await vectors.data(), start * dim);
    vectors.dispose();
  }
  return { data, shape: [indices.length, dim] };
}

/** Vectors of random views of pictures. */
export async function vectorsOfViews(
  simclr: SimCLR,
  embedder: Embedder,
  pictures: PictureSet,
  indices: readonly number[],
  seed: number,
): Promise<[EmbeddingArray, EmbeddingArray]> {
  const images = imagesToTensor(pick(pictures, indices));
  const [first, second] = simclr.views(images, indices, seed);
  images.dispose();
  const arrays: EmbeddingArray[] = [];
  for (const view of [first, second]) {
    const vectors = await embedder.embed(view);
    arrays.push({ data: (await vectors.data()) as Float32Array, shape: vectors.shape });
    vectors.dispose();
    view.dispose();
  }
  return arrays as [EmbeddingArray, EmbeddingArray];
}
