import type { SimCLR } from 'simclr-ts';
import type { SkippedImage } from 'simclr-ts/node';
import type { RunGains } from 'simclr-ts/report';
import { gainOf } from '../../../report/evaluation/worth.js';
import type { Context } from '../../context.js';
import { CommandError, exitCodes } from '../../exit-codes.js';
import { embedPictures } from '../vectors/embed-pictures.js';
import {
  columnsOf,
  joinedVectors,
  type ModelVectors,
  type VectorPlace,
  vectorsAt,
} from '../vectors/model-vectors.js';
import type { Baselines } from './baselines.js';
import type { FolderParts } from './folder-parts.js';
import type { LabeledFiles } from './labeled-files.js';
import { type Worth, worthOf } from './worth.js';

/** The pictures of both parts, with vectors of one kind. */
export interface MeasuredParts {
  train: LabeledFiles;
  test: LabeledFiles;
}

/** Names of what is measured. */
export type Measured = 'whitenedPixels' | 'untrainedH' | 'untrainedReadout' | 'h' | 'readout';

/** Result of {@link measure}. */
export interface Measurement {
  worth: { h: Worth } & Partial<Record<Measured, Worth>>;
  vectors: { h: MeasuredParts } & Partial<Record<Measured, MeasuredParts>>;
  /** What training gained; absent without an untrained network or whitened pixels. */
  gains: Pick<RunGains, 'overBefore' | 'overWhitenedPixels' | 'readout'> | undefined;
  /** Neighbors that voted. */
  neighbors: number;
  skipped: SkippedImage[];
}

/** Options of {@link measure}. */
interface MeasureOptions {
  place: VectorPlace;
  neighbors: number;
  batchSize: number;
}

function allVectors(simclr: SimCLR, place: VectorPlace, baselines: Baselines | undefined) {
  const { whitenedPixels, untrained } = baselines ?? {};
  const all: [Measured, ModelVectors | undefined][] = [
    ['h', vectorsAt(simclr, 'h')],
    ['readout', place === 'readout' ? vectorsAt(simclr, 'readout') : undefined],
    ['whitenedPixels', whitenedPixels],
    ['untrainedH', untrained?.h],
    ['untrainedReadout', place === 'readout' ? untrained?.readout : undefined],
  ];
  return all.filter((each): each is [Measured, ModelVectors] => each[1] !== undefined);
}

async function embedLabeled(
  vectors: ModelVectors,
  { paths, labels }: FolderParts['train'],
  batchSize: number,
  context: Context,
): Promise<LabeledFiles & { skipped: SkippedImage[] }> {
  const embedded = await embedPictures({ vectors, paths, batchSize, context });
  return {
    paths: embedded.paths,
    embeddings: embedded.vectors,
    labels: Int32Array.from(embedded.indices, (index) => labels[index]!),
    skipped: embedded.skipped,
  };
}

/** Measures a model and its baselines in one pass over the files. */
export async function measure(
  simclr: SimCLR,
  { classNames, ...parts }: FolderParts,
  baselines: Baselines | undefined,
  { place, neighbors: most, batchSize }: MeasureOptions,
  context: Context,
): Promise<Measurement> {
  const kinds = allVectors(simclr, place, baselines);
  const joined = joinedVectors(kinds.map(([, vectors]) => vectors));
  const train = await embedLabeled(joined, parts.train, batchSize, context);
  const test = await embedLabeled(joined, parts.test, batchSize, context);
  if (new Set(train.labels).size < 2) throw tooFew(train.labels.length + test.labels.length, classNames);

  const neighbors = Math.min(most, train.labels.length);
  const vectors: Partial<Record<Measured, MeasuredParts>> = {};
  const worth: Partial<Record<Measured, Worth>> = {};
  let first = 0;
  for (const [name, { dim }] of kinds) {
    const columns = ({ embeddings, ...part }: LabeledFiles): LabeledFiles => ({
      ...part,
      embeddings: columnsOf(embeddings, first, first + dim),
    });
    const own = { train: columns(train), test: columns(test) };
    vectors[name] = own;
    worth[name] = await worthOf(own.train, own.test, { classes: classNames.length, neighbors });
    first += dim;
  }
  return {
    worth: worth as Measurement['worth'],
    vectors: vectors as Measurement['vectors'],
    gains: gainsOf(worth, test.labels),
    neighbors,
    skipped: [...train.skipped, ...test.skipped],
  };
}

/** @throws if no picture, or pictures of one class alone, would be left to learn from or to test. */
export function checkParts({ classNames, train, test }: FolderParts): void {
  if (test.paths.length > 0 && new Set(train.labels).size >= 2) return;
  throw tooFew(train.paths.length + test.paths.length, classNames);
}

function tooFew(pictures: number, classNames: readonly string[]): CommandError {
  return new CommandError(
    `Too few pictures to hold some out: ${pictures} in ${classNames.length} classes. ` +
      'Add pictures, use a larger --test-fraction, or give your own test pictures with --test DIR.',
    exitCodes.files,
  );
}

function gainsOf(
  { h, readout, whitenedPixels, untrainedH, untrainedReadout }: Partial<Record<Measured, Worth>>,
  labels: Int32Array,
): Measurement['gains'] {
  if (!h || !whitenedPixels || !untrainedH) return undefined;
  return {
    overBefore: gainOf(h, untrainedH, labels),
    overWhitenedPixels: gainOf(h, whitenedPixels, labels),
    readout:
      readout && untrainedReadout
        ? {
            overBefore: gainOf(readout, untrainedReadout, labels),
            overWhitenedPixels: gainOf(readout, whitenedPixels, labels),
          }
        : null,
  };
}
