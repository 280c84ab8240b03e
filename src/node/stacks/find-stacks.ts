import type { ImageArray, SkippedImage } from '../../data/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkChoice, checkFraction, checkFunction, checkInteger } from '../../errors/checks.js';
import { type EmbeddingArray, fitWhitening, stackEmbeddings } from '../../evaluation/index.js';
import {
  type CalibrationPlan,
  type CopiedPictures,
  calibratePictures,
  type StackCalibration,
} from './calibrate-pictures.js';
import { equalFiles } from './equal-files.js';
import { describeStacks, Groups, type PictureStack, type StackLevel } from './picture-stack.js';

/** Pictures with their vectors, and the network that gave these. A `FolderIndex` is one. */
export interface PictureVectors {
  /** The files. */
  readonly paths: readonly string[];
  /** A row per file. */
  readonly vectors: EmbeddingArray;
  /** Hash of each file's contents; `undefined` where they are not known, so that files of equal size are read. */
  readonly hashes: readonly string[] | undefined;
  /** Height and width of the pictures that `embed` takes. */
  readonly inputSize: readonly [height: number, width: number];
  /** Vectors of decoded pictures of that size, as those of the files were made. */
  embed(images: ImageArray): Promise<EmbeddingArray>;
}

/** Options of {@link findStacks}. */
export interface FindStacksOptions {
  /**
   * The loosest level to look for. `'copies'`: files with the same bytes. `'same'`: also the same picture re-encoded,
   * resized, slightly cropped, rotated, or recolored. `'variants'`: also another shot of a burst, or an edited version.
   * @defaultValue `'variants'`
   */
  level?: StackLevel;
  /** Share of the found pairs that have to be right; above 0, at most 1. @defaultValue `0.99` */
  precision?: number;
  /**
   * How many others a picture is the same as at most, if you know: where many pictures have copies, they hide families that
   * differ by a hair, such as the faces of a clock. Integer >= 1. @defaultValue no limit
   */
  mostCopies?: number;
  /** Pictures of which changed copies are made to find the thresholds. @defaultValue `200` */
  sample?: number;
  /** Seed of the changes. @defaultValue `1` */
  seed?: number;
  /** Ends the call with the signal's reason. @defaultValue none */
  signal?: AbortSignal;
  /** Called with the pictures that were copied so far, and how many will be. */
  onProgress?: (done: number, total: number) => void;
}

/** What {@link findStacks} finds. */
export interface PictureStacks {
  /** Stacks of at least two pictures, in the order of their first ones. */
  stacks: PictureStack[];
  /** How alike pictures are that are the same, and how that was found; without it at the level `'copies'`. */
  same?: StackCalibration;
  /** How alike variants are; at the level `'variants'` only. */
  variants?: StackCalibration;
  /** Names of files that are other names of one in the list (hard links). They are no copies and in no stack. */
  links: {
    /** The name. */
    path: string;
    /** The name in the list that stands for the file. */
    of: string;
  }[];
  /** Files that could not be read. */
  skipped: SkippedImage[];
}

function rowsOf({ data, shape: [, dim] }: EmbeddingArray, rows: readonly number[]): EmbeddingArray {
  const taken = new Float32Array(rows.length * dim);
  for (const [i, row] of rows.entries()) taken.set(data.subarray(row * dim, (row + 1) * dim), i * dim);
  return { data: taken, shape: [rows.length, dim] };
}

/** Compares pictures by their vectors, whitened on themselves. */
class Comparison {
  private constructor(
    private readonly pictures: PictureVectors,
    private readonly rows: readonly number[],
    private readonly whitened: EmbeddingArray,
    private readonly whitening: CopiedPictures['whitening'],
  ) {}

  static async of(pictures: PictureVectors, rows: readonly number[]): Promise<Comparison> {
    const own = rowsOf(pictures.vectors, rows);
    const whitening = await fitWhitening(own);
    return new Comparison(pictures, rows, await whitening.apply(own), whitening);
  }

  /**
   * Finds the threshold of a level for some rows, and puts those that reach it to their centers.
   *
   * @param below - Only if the threshold is below this one.
   */
  async group(
    rows: readonly number[],
    plan: CalibrationPlan,
    groups: Groups,
    below = Number.POSITIVE_INFINITY,
  ) {
    const places = new Map(this.rows.map((row, place) => [row, place]));
    const { pictures, whitening } = this;
    const vectors = rowsOf(
      this.whitened,
      rows.map((row) => places.get(row)!),
    );
    const calibration = await calibratePictures(
      {
        paths: rows.map((row) => pictures.paths[row]!),
        vectors,
        whitening,
        inputSize: pictures.inputSize,
        embed: (images) => pictures.embed(images),
      },
      plan,
    );
    const { threshold } = calibration;
    if (threshold < below) {
      for (const { center, rows: members, similarities } of await stackEmbeddings(vectors, { threshold })) {
        for (const [i, member] of members.entries())
          groups.add(rows[member]!, rows[center]!, similarities[i]!);
      }
    }
    return calibration;
  }
}

/**
 * Finds stacks of pictures at three levels: equal files; the same picture re-encoded, resized, slightly cropped, rotated or
 * recolored; and variants, such as the shots of a burst. Nothing is deleted.
 *
 * Vectors are centered and whitened on the pictures themselves (`fitWhitening`). What counts as alike is found from them,
 * too: slightly changed copies of a sample are compared with their originals, and all pictures with one another
 * (`calibrateThreshold`). A backend must be active.
 *
 * @param pictures - A `FolderIndex`, or vectors of any model.
 * @param options - See {@link FindStacksOptions}.
 * @returns Stacks, with the one to keep of each shot: the most pixels, then the largest file, then the oldest.
 * @throws `InvalidOptionError` when an option is outside its domain.
 * @throws `ValueRangeError` when a vector is not finite.
 * @throws `SimCLRError` when the optional package `sharp` is not installed.
 * @example
 * const { stacks } = await findStacks(index, { level: 'same' });
 * for (const { shots } of stacks) for (const { path, keep } of shots[0]!.pictures) console.log(keep, path);
 */
export async function findStacks(
  pictures: PictureVectors,
  options: FindStacksOptions = {},
): Promise<PictureStacks> {
  const caller = 'findStacks';
  checkKeys(caller, options, {
    level: 1,
    precision: 1,
    mostCopies: 1,
    sample: 1,
    seed: 1,
    signal: 1,
    onProgress: 1,
  });
  const { level = 'variants', precision = 0.99, mostCopies, sample = 200, seed = 1 } = options;
  const { signal, onProgress } = options;
  checkChoice(caller, 'level', level, ['copies', 'same', 'variants']);
  checkFraction(caller, 'precision', precision);
  if (mostCopies !== undefined) checkInteger(caller, 'mostCopies', mostCopies);
  checkInteger(caller, 'sample', sample);
  checkInteger(caller, 'seed', seed, 0);
  if (onProgress !== undefined) checkFunction(caller, 'onProgress', onProgress);
  const { paths, hashes } = pictures;
  const { groups: equal, links, skipped } = await equalFiles(paths, hashes);
  const rowOf = new Map(paths.map((path, row) => [path, row]));
  const copyOf = new Map<number, number>();
  for (const [first, ...others] of equal) {
    for (const path of others) copyOf.set(rowOf.get(path)!, rowOf.get(first!)!);
  }
  const left = new Set([...links, ...skipped].map(({ path }) => path));
  const unique = [...paths.keys()].filter((row) => !copyOf.has(row) && !left.has(paths[row]!));
  const same = new Groups(unique);
  const result: PictureStacks = { stacks: [], links, skipped };
  let variants = new Groups(unique);
  if (level !== 'copies' && unique.length > 1) {
    const total = Math.min(sample, unique.length) * (level === 'same' ? 1 : 2);
    let done = 0;
    const onCopied = () => onProgress?.(Math.min(++done, total), total);
    const plan = { caller, precision, mostCopies, sample, seed, signal, onCopied };
    const comparison = await Comparison.of(pictures, unique);
    result.same = await comparison.group(unique, { ...plan, level: 'same' }, same);
    const { centers } = same;
    variants = new Groups(centers);
    if (level === 'variants' && centers.length > 1) {
      const found = await comparison.group(
        centers,
        { ...plan, level: 'variants' },
        variants,
        result.same.threshold,
      );
      result.variants = found;
    }
    if (done < total) onProgress?.(total, total); // variants are of fewer pictures
  }
  result.stacks = await describeStacks(caller, paths, { copyOf, same, variants });
  return result;
}
