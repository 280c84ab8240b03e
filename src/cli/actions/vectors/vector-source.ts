import type { FileHandle } from 'node:fs/promises';
import type { EmbeddingArray } from 'simclr-ts';
import type { VectorPlace } from './model-vectors.js';

/** Some vectors and their files. */
export interface NamedVectors {
  vectors: EmbeddingArray;
  paths: readonly string[];
}

/** Vectors to write. */
export interface VectorSource {
  /** Files that may get a vector: all of them, unless some are damaged. */
  paths: readonly string[];
  /** What the vectors are. @defaultValue `'h'` */
  at?: VectorPlace;
  /** Length of a vector. */
  dim: number;
  /** The vectors, in the order of `paths`. */
  chunks: AsyncIterable<NamedVectors>;
}

/** The part of a file handle that writers use. */
export type VectorFile = Pick<FileHandle, 'appendFile' | 'write'>;
