import { tidy } from '@tensorflow/tfjs-core';
import {
  augment,
  type EmbeddingArray,
  evaluationTransform,
  type ImageArray,
  imagesToTensor,
  randomGenerator,
  type SimCLR,
} from 'simclr-ts';
import type { PictureSet } from '../shared/pictures.js';

/** Pictures that are resized and encoded at a time. */
const atATime = 128;

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

/** Vectors h of the pictures at `indices`, in that order. */
export async function vectorsOf(
  simclr: SimCLR,
  pictures: PictureSet,
  indices: ArrayLike<number>,
): Promise<EmbeddingArray> {
  const transform = evaluationTransform({ size: simclr.inputSize });
  let data = new Float32Array(0);
  let dim = 0;
  for (let start = 0; start < indices.length; start += atATime) {
    const chunk = Array.from(
      { length: Math.min(atATime, indices.length - start) },
      (_, i) => indices[start + i]!,
    );
    const ready = tidy(() => augment(transform, imagesToTensor(pick(pictures, chunk)), randomGenerator(0)));
    const h = await simclr.embed(ready);
    ready.dispose();
    if (dim === 0) {
      dim = h.shape[1];
      data = new Float32Array(indices.length * dim);
    }
    data.set(await h.data(), start * dim);
    h.dispose();
  }
  return { data, shape: [indices.length, dim] };
}

/** Vectors h of random views of pictures. */
export async function vectorsOfViews(
  simclr: SimCLR,
  pictures: PictureSet,
  indices: readonly number[],
  seed: number,
): Promise<[EmbeddingArray, EmbeddingArray]> {
  const images = imagesToTensor(pick(pictures, indices));
  const [first, second] = simclr.views(images, indices, seed);
  images.dispose();
  const arrays: EmbeddingArray[] = [];
  for (const view of [first, second]) {
    const h = await simclr.embed(view);
    arrays.push({ data: (await h.data()) as Float32Array, shape: h.shape });
    h.dispose();
    view.dispose();
  }
  return arrays as [EmbeddingArray, EmbeddingArray];
}
