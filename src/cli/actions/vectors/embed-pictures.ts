import type { EmbeddingArray } from 'simclr-ts';
import { progress, type SkippedImage } from 'simclr-ts/node';
import type { Context } from '../../context.js';
import { CommandError, exitCodes } from '../../exit-codes.js';
import { decodeAtOnce, decodeInChunks, warnOfSkipped } from '../pictures.js';
import type { ModelVectors } from './model-vectors.js';

/** Vectors of some pictures. */
export interface EmbeddedChunk {
  /** One row per picture. */
  vectors: EmbeddingArray;
  /** Their files. */
  paths: string[];
  /** Their positions in the given list. */
  indices: number[];
}

/** Vectors of all pictures in a list. */
export interface EmbeddedPictures extends EmbeddedChunk {
  /** Files without a vector. */
  skipped: SkippedImage[];
}

/** What to embed, and with which model. */
export interface EmbedPlan {
  vectors: ModelVectors;
  /** The files. */
  paths: readonly string[];
  /** Pictures per pass through the network. */
  batchSize: number;
  context: Context;
}

function noPicture(paths: readonly string[], skipped: readonly SkippedImage[]): CommandError {
  const isOne = paths.length === 1;
  const which = isOne ? 'The file is not' : `None of ${paths.length} files is`;
  const first = isOne ? '' : 'The first: ';
  return new CommandError(`${which} a complete picture. ${first}${skipped[0]!.reason}`, exitCodes.files);
}

/** @throws {@link CommandError} when a file cannot be decoded: before work that would be in vain. */
export async function checkPicture(path: string): Promise<void> {
  const { skipped } = await decodeAtOnce([path], [8, 8]);
  if (skipped.length > 0) throw noPicture([path], skipped);
}

function checkFinite({ data, shape: [, dim] }: EmbeddingArray, paths: readonly string[]): void {
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  throw new CommandError(
    `The model must give finite numbers. Received: ${data[bad]} in the vector of ${paths[Math.floor(bad / dim)]}. ` +
      'Its training went wrong, or its weights are damaged.',
    exitCodes.model,
  );
}

/**
 * Embeds files chunk by chunk, so that memory depends only on `batchSize`. At the end, warns of files without a vector.
 *
 * @param skipped - Receives the files without a vector.
 * @throws {@link CommandError} when none can be decoded, or a vector is not finite.
 */
export async function* embedInChunks(
  { vectors: model, paths, batchSize, context }: EmbedPlan,
  skipped: SkippedImage[],
): AsyncGenerator<EmbeddedChunk, void, undefined> {
  let embedded = 0;
  const bar = progress(paths.length, 'Embedding', { quiet: context.quiet });
  try {
    for await (const chunk of decodeInChunks(paths, model.inputSize, batchSize)) {
      skipped.push(...chunk.skipped);
      const { indices } = chunk;
      if (indices.length > 0) {
        const vectors = await model.embed(chunk.images, batchSize);
        const names = indices.map((index) => paths[index]!);
        checkFinite(vectors, names);
        embedded += indices.length;
        yield { vectors, paths: names, indices };
      }
      bar.increment(indices.length + chunk.skipped.length);
    }
  } finally {
    bar.stop();
  }
  if (embedded === 0) throw noPicture(paths, skipped);
  warnOfSkipped(skipped, context);
}

/** {@link embedInChunks}, with all vectors in one array. */
export async function embedPictures(plan: EmbedPlan): Promise<EmbeddedPictures> {
  const { dim } = plan.vectors;
  const data = new Float32Array(plan.paths.length * dim);
  const paths: string[] = [];
  const indices: number[] = [];
  const skipped: SkippedImage[] = [];
  for await (const chunk of embedInChunks(plan, skipped)) {
    data.set(chunk.vectors.data, paths.length * dim);
    for (const path of chunk.paths) paths.push(path);
    for (const index of chunk.indices) indices.push(index);
  }
  const vectors: EmbeddingArray = {
    data: data.subarray(0, paths.length * dim),
    shape: [paths.length, dim],
  };
  return { vectors, paths, indices, skipped };
}
