import type { EmbeddingArray, ImageArray, SimCLR } from 'simclr-ts';
import { toHost } from '../../../evaluation/embed-on-host.js';
import type { Context } from '../../context.js';
import { CommandError, exitCodes } from '../../exit-codes.js';
import { fitChannels } from '../fit-channels.js';

/** What can be read of a model: the encoder's output, or its read-out. */
export type VectorPlace = 'h' | 'readout';

/** Options of the commands that compute vectors. */
export interface PlaceOptions {
  model: string;
  at?: VectorPlace;
}

/** The vectors of a model: all that commands need to know of it. */
export interface ModelVectors {
  at: VectorPlace;
  /** Length of a vector. */
  dim: number;
  /** Height and width of the pictures. */
  inputSize: readonly [height: number, width: number];
  /** Vectors of decoded pictures of that size, in host memory. */
  embed(images: ImageArray, batchSize: number): Promise<EmbeddingArray>;
}

/** The vectors of a model at a place that it has. */
export function vectorsAt(simclr: SimCLR, at: VectorPlace): ModelVectors {
  return {
    at,
    dim: at === 'readout' ? simclr.readout!.dim : simclr.encoder.outputs[0]!.shape[1]!,
    inputSize: simclr.inputSize,
    async embed(images, batchSize) {
      return toHost(await simclr.embed(fitChannels(simclr, images), { batchSize, at }));
    },
  };
}

const remedy = 'It gets one when `simclr-ts train DIR --resume` has completed.';

/**
 * Chooses what to read: what `--at` says, or the usual place of the command, and h where the model has no read-out.
 *
 * @throws {@link CommandError} when `--at` asks for a read-out that is not there, or that is stale.
 */
export function placeOf(
  simclr: SimCLR,
  { at, model }: PlaceOptions,
  usual: VectorPlace,
  context: Context,
): VectorPlace {
  const place = at ?? usual;
  const { readoutStatus } = simclr;
  if (place === 'h' || readoutStatus === 'current') return place;
  const reason =
    readoutStatus === 'stale'
      ? `The read-out of the model in ${JSON.stringify(model)} is stale, because training went on after it was fitted.`
      : `The model in ${JSON.stringify(model)} has no read-out.`;
  if (at !== undefined) {
    throw new CommandError(`${reason} ${remedy} Or leave out --at readout.`, exitCodes.model);
  }
  if (readoutStatus === 'stale') context.warn(`${reason} Using h. ${remedy}`);
  return 'h';
}

/** {@link vectorsAt} what {@link placeOf} chooses, and says which. */
export function vectorsOf(
  simclr: SimCLR,
  options: PlaceOptions,
  usual: VectorPlace,
  context: Context,
): ModelVectors {
  const vectors = vectorsAt(simclr, placeOf(simclr, options, usual, context));
  context.note(`Vectors: ${describePlace(vectors)}.`);
  return vectors;
}

/** What vectors are, for people. */
export function describePlace({ at, dim }: Pick<ModelVectors, 'at' | 'dim'>): string {
  return at === 'h' ? `h, ${dim} numbers` : `the read-out, ${dim} numbers`;
}

/** Several vectors of each picture one after the other, from one pass over the files. */
export function joinedVectors(parts: readonly ModelVectors[]): ModelVectors {
  const dim = parts.reduce((sum, part) => sum + part.dim, 0);
  return {
    ...parts[0]!,
    dim,
    async embed(images, batchSize) {
      const [count] = images.shape;
      const data = new Float32Array(count * dim);
      let first = 0;
      for (const part of parts) {
        const { data: values } = await part.embed(images, batchSize);
        for (let row = 0; row < count; row++) {
          data.set(values.subarray(row * part.dim, (row + 1) * part.dim), row * dim + first);
        }
        first += part.dim;
      }
      return { data, shape: [count, dim] };
    },
  };
}

/** Columns `first ... end - 1` of vectors: what one part of {@link joinedVectors} gave. */
export function columnsOf({ data, shape }: EmbeddingArray, first: number, end: number): EmbeddingArray {
  const [rows, dim] = shape;
  const width = end - first;
  const columns = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    columns.set(data.subarray(row * dim + first, row * dim + end), row * width);
  }
  return { data: columns, shape: [rows, width] };
}
