import type { ImageArray } from '../../data/index.js';
import { spreadRows } from '../../data/spread-rows.js';
import { isError } from '../../errors/is-error.js';
import {
  calibrateThreshold,
  type EmbeddingArray,
  type ThresholdCalibration,
  type Whitening,
} from '../../evaluation/index.js';
import { randomGenerator } from '../../random/index.js';
import { forEachFile } from '../files/for-each-file.js';
import { readBytes } from '../files/read-bytes.js';
import { decodeEach, decodePlan, loadSharp } from '../pictures/decode-image.js';
import { type ChangedCopy, changedCopies, type changes, openToCopy } from './changed-copies.js';

/** A threshold, and how it was found. */
export interface StackCalibration extends Omit<ThresholdCalibration, 'similarities'> {
  /** Pictures of which changed copies were made. */
  sample: number;
  /** For each kind of change the share of the copies that are found. */
  changes: Record<string, number>;
}

/** Pictures, and the network that gave their vectors. */
export interface CopiedPictures {
  /** The files. */
  paths: readonly string[];
  /** Centered and whitened, a row per file. */
  vectors: EmbeddingArray;
  whitening: Whitening;
  inputSize: readonly [height: number, width: number];
  embed(images: ImageArray): Promise<EmbeddingArray>;
}

/** How to calibrate. */
export interface CalibrationPlan {
  caller: string;
  level: keyof typeof changes;
  precision: number;
  /** How many others a picture is the same as at most. */
  mostCopies: number | undefined;
  /** Most pictures to copy. */
  sample: number;
  seed: number;
  signal: AbortSignal | undefined;
  /** Called after each picture. */
  onCopied(): void;
}

/** Originals under way at a time. */
const together = 4;

/** Pictures per pass through the network. */
const batch = 64;

/** Changed copies of some pictures. Those that can no longer be read are left out. */
async function copySome(
  { paths, inputSize }: CopiedPictures,
  { caller, level, sample, seed, signal, onCopied }: CalibrationPlan,
): Promise<{ row: number; copies: ChangedCopy[] }[]> {
  const sharp = await loadSharp(caller);
  const rows = spreadRows(paths.length, sample);
  const side = Math.max(256, 2 * Math.max(...inputSize));
  const random = randomGenerator(seed);
  const made: { row: number; copies: ChangedCopy[] }[] = [];
  const copy = async (row: number, place: number) => {
    signal?.throwIfAborted();
    // It was whole when it was embedded. Since then it may have changed or be gone.
    const picture = await readBytes(caller, paths[row]!)
      .then((bytes) => openToCopy(sharp, bytes, side))
      .catch((error: Error) => {
        if (error.name !== 'DataError' && error.name !== 'Error') throw error; // no fault of the file
        return undefined;
      });
    if (picture) made[place] = { row, copies: await changedCopies(sharp, picture, level, random.row(row)) };
    onCopied();
  };
  await forEachFile(rows, together, copy);
  return made.filter((copied) => copied !== undefined);
}

/** Decodes the bytes of pictures to the size of the network. */
async function decode(
  caller: string,
  files: readonly ChangedCopy[],
  size: readonly [number, number],
): Promise<ImageArray> {
  const [height, width] = size;
  const length = height * width * 3;
  const data = new Uint8Array(files.length * length);
  const pictures = files.map(({ bytes }, i) => ({ name: String(i), bytes }));
  await decodeEach(caller, decodePlan(caller, { size }), pictures, { concurrency: together }, (result, i) => {
    if (isError(result, 'DataError')) throw result;
    data.set(result.data, i * length);
  });
  return { data, shape: [files.length, height, width, 3] };
}

/** Fewer pictures do not say how alike different ones can be: only what is nearly equal counts as the same. */
const fewPictures = 32;
const leastOfFew = 0.9;

/** Pictures that have less in common than this are not the same, whatever a folder of unlike pictures allows. */
const leastThreshold = 0.3;

/** Finds the threshold of a level from changed copies of the pictures. */
export async function calibratePictures(
  pictures: CopiedPictures,
  plan: CalibrationPlan,
): Promise<StackCalibration> {
  const { caller, precision, signal } = plan;
  const { whitening, inputSize } = pictures;
  const copied = await copySome(pictures, plan);
  const copies = copied.flatMap((each) => each.copies);
  const originals = copied.flatMap(({ row, copies: { length } }) => new Array<number>(length).fill(row));
  if (copies.length === 0) {
    return {
      threshold: 1,
      precision: 0,
      recall: 0,
      matched: 0,
      falseMatches: 0,
      sample: 0,
      changes: {},
    };
  }
  const { dim } = whitening;
  const data = new Float32Array(copies.length * dim);
  for (let first = 0; first < copies.length; first += batch) {
    signal?.throwIfAborted();
    const images = await decode(caller, copies.slice(first, first + batch), inputSize);
    data.set((await pictures.embed(images)).data, first * dim);
  }
  const embeddings = await whitening.apply({ data, shape: [copies.length, dim] });
  const { similarities, ...calibration } = await calibrateThreshold(
    pictures.vectors,
    { embeddings, originals },
    {
      precision,
      least: pictures.vectors.shape[0] < fewPictures ? leastOfFew : leastThreshold,
      ...(plan.level === 'same' && plan.mostCopies !== undefined && { mostCopies: plan.mostCopies }),
    },
  );
  const found: Record<string, number> = {};
  for (const name of new Set(copies.map(({ change }) => change))) {
    const own = [...copies.keys()].filter((i) => copies[i]!.change === name);
    found[name] = own.filter((i) => similarities[i]! >= calibration.threshold).length / own.length;
  }
  return { ...calibration, sample: copied.length, changes: found };
}
