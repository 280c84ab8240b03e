import type { ImageDataset } from '../../data/index.js';
import type { EmbeddingArray } from '../../evaluation/embedding-evaluation.js';
import type { EmbedOptions, Trainer } from '../../training/index.js';

/** Representations h in host memory. */
export async function embedOnHost(
  simclr: Trainer,
  images: ImageDataset,
  options: EmbedOptions,
): Promise<EmbeddingArray> {
  const h = await simclr.embed(images, options);
  try {
    return { data: Float32Array.from(await h.data()), shape: h.shape };
  } finally {
    h.dispose();
  }
}
