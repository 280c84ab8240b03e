import type { EmbeddingArray, SimCLR } from 'simclr-ts';
import { progress, type SkippedImage } from 'simclr-ts/node';
import type { Context } from '../context.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { fitChannels } from './fit-channels.js';
import { decodeInChunks, warnOfSkipped } from './pictures.js';

/** Vectors of pictures. */
export interface EmbeddedPictures {
  /** One row a picture. */
  vectors: EmbeddingArray;
  /** Their files. */
  paths: string[];
  /** Their numbers in the list that was given. */
  indices: number[];
  /** Files without a vector. */
  skipped: SkippedImage[];
}

/**
 * Embeds files, in memory that depends on `batchSize` alone, but for the vectors themselves.
 *
 * @throws {@link CommandError} when none can be decoded.
 */
export async function embedPictures(
  simclr: SimCLR,
  paths: readonly string[],
  batchSize: number,
  context: Context,
): Promise<EmbeddedPictures> {
  const dim = simclr.encoder.outputs[0]!.shape[1]!;
  const data = new Float32Array(paths.length * dim);
  const indices: number[] = [];
  const skipped: SkippedImage[] = [];
  const bar = progress(paths.length, 'Embedding', { quiet: context.quiet });
  try {
    for await (const chunk of decodeInChunks(paths, simclr.inputSize, batchSize)) {
      skipped.push(...chunk.skipped);
      if (chunk.indices.length > 0) {
        const h = await simclr.embed(fitChannels(simclr, chunk.images), { batchSize });
        try {
          data.set(await h.data(), indices.length * dim);
        } finally {
          h.dispose();
        }
        indices.push(...chunk.indices);
      }
      bar.increment(chunk.indices.length + chunk.skipped.length);
    }
  } finally {
    bar.stop();
  }
  if (indices.length === 0) {
    const which = paths.length === 1 ? 'The file is' : `None of ${paths.length} files is`;
    const first = paths.length === 1 ? '' : 'The first: ';
    throw new CommandError(
      `${which} ${paths.length === 1 ? 'no' : 'a'} whole picture. ${first}${skipped[0]!.reason}`,
      exitCodes.files,
    );
  }
  warnOfSkipped(skipped, context);
  return {
    vectors: { data: data.subarray(0, indices.length * dim), shape: [indices.length, dim] },
    paths: indices.map((index) => paths[index]!),
    indices,
    skipped,
  };
}
