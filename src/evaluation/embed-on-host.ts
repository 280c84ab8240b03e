import type { Tensor2D } from '@tensorflow/tfjs-core';
import type { ImageDataset } from '../data/index.js';
import type { EmbedOptions } from '../training/index.js';
import type { EmbeddingArray } from './embeddings.js';

/** Rows in host memory of their own. Disposes the tensor. */
export async function toHost(tensor: Tensor2D): Promise<EmbeddingArray> {
  try {
    // Plain JavaScript's backend hands out the very array that it computes with.
    return { data: Float32Array.from(await tensor.data()), shape: tensor.shape };
  } finally {
    tensor.dispose();
  }
}

/** What embeds pictures: a trainer, or a read-out. */
interface Embedder {
  embed(images: ImageDataset, options: EmbedOptions): Promise<Tensor2D>;
}

/** Embeddings in host memory. */
export async function embedOnHost(
  embedder: Embedder,
  images: ImageDataset,
  options: EmbedOptions,
): Promise<EmbeddingArray> {
  return toHost(await embedder.embed(images, options));
}
