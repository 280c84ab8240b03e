import { basename, join, resolve } from 'node:path';
import { describeValue, isObject } from '../errors/checks.js';
import { runDirectory, runFiles } from '../node/checkpoints/run-directory.js';
import { type FilePath, toFileName } from '../node/files/file-path.js';
import { readHealth } from './evaluation/run-health.js';
import { readQuality } from './evaluation/run-quality.js';
import { writeText } from './page/write-text.js';
import { damagedFile, textOfFile } from './run-files.js';
import type { LossPoint, RunHealth, RunQuality } from './types.js';

/** A recorded step. */
export interface RunStep extends LossPoint {
  /** Pictures of the step. */
  pairs: number;
}

/** Predictions of a model for test pictures, from which it can be compared with another model. */
export interface RunEvaluation {
  /** Name of each class number. */
  classNames: readonly string[];
  /** Name of each test picture. */
  pictures: readonly string[];
  /** True class of each test picture. */
  labels: readonly number[];
  /** Predicted class of each test picture. */
  predictions: {
    /** By its nearest neighbors. */
    knn: readonly number[];
    /** By the linear probe. */
    linearProbe: readonly number[];
  };
}

/** Contents of a run's folder, apart from the weights. */
export interface Run {
  /** The folder's own name. */
  name: string;
  /** Every recorded step in order. */
  losses: readonly RunStep[];
  /** Settings: the contents of `training.json`; `null` without the file. */
  settings: Readonly<Record<string, unknown>> | null;
  /** Evaluation: the contents of `evaluation.json`; `null` without the file. */
  evaluation: RunEvaluation | null;
  /** Quality during training: the contents of `quality.json`, which `recordQuality` writes; `null` without the file. */
  quality: RunQuality | null;
  /** Health during training: the contents of `health.json`, which `recordHealth` writes; `null` without the file. */
  health: RunHealth | null;
}

/** Accuracy of predictions, from 0 to 1. */
export function accuracyOf(predictions: readonly number[], labels: readonly number[]): number {
  return predictions.filter((predicted, i) => predicted === labels[i]).length / labels.length;
}

/** A count from the `training` of the recipe in `training.json`. */
function plannedCount({ settings }: Run, name: 'batchSize' | 'datasetSize'): number | undefined {
  const recipe = settings?.recipe;
  const training = isObject(recipe) ? recipe.training : undefined;
  const value = isObject(training) ? training[name] : undefined;
  return isCount(value, 1) ? (value as number) : undefined;
}

/** N, the pictures of a full batch. Recorded steps may have fewer, because of damaged files. */
export function batchSizeOf(run: Run): number {
  const planned = plannedCount(run, 'batchSize');
  if (planned !== undefined) return Math.min(planned, plannedCount(run, 'datasetSize') ?? planned);
  return largestBatch(run.losses);
}

/** Pictures of the largest step; at least 2. */
export function largestBatch(steps: readonly { pairs: number }[]): number {
  return steps.reduce((largest, { pairs }) => Math.max(largest, pairs), 2);
}

/** Number of pictures that the run trained on, without damaged files. */
export function trainingPicturesOf(run: Run): number | undefined {
  const files = plannedCount(run, 'datasetSize');
  const damaged = run.settings?.damaged;
  return files === undefined ? undefined : files - (isCount(damaged, 0) ? (damaged as number) : 0);
}

const caller = 'readRun';

const damaged = (path: string, expectation: string, received: string) =>
  damagedFile(caller, path, expectation, received);

/** The folder with the files of the last run; under the caller's name if possible. */
async function currentFolder(dir: string): Promise<string> {
  const run = runDirectory(dir);
  const current = await run.current();
  return current === run.path ? dir : current;
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damaged(path, 'be JSON', (error as Error).message);
  }
}

const isCount = (value: unknown, minimum: number) =>
  Number.isSafeInteger(value) && (value as number) >= minimum;

/** Steps of a file with a JSON object per line. A last line that is cut off is left out. */
function parseLosses(path: string, text: string): Run['losses'] {
  const lines = text.split('\n');
  lines.pop(); // empty after the last line break, or cut off
  return lines.map((line, index) => {
    const place = `${path}, line ${index + 1},`;
    const point = parse(place, line);
    const { step, loss, pairs, learningRate } = isObject(point) ? point : {};
    const isWhole =
      isCount(step, 0) &&
      isCount(pairs, 1) &&
      typeof loss === 'number' &&
      ['number', 'undefined'].includes(typeof learningRate);
    if (isWhole) return point as unknown as Run['losses'][number];
    throw damaged(place, 'hold step, loss and pairs of a step', line.slice(0, 80));
  });
}

function parseEvaluation(path: string, text: string): RunEvaluation {
  const value = parse(path, text);
  const { classNames, pictures, labels, predictions } = isObject(value) ? value : {};
  const { knn, linearProbe } = isObject(predictions) ? predictions : {};
  for (const [name, list] of Object.entries({ classNames, pictures })) {
    if (Array.isArray(list) && list.length > 0 && list.every((each) => typeof each === 'string')) continue;
    throw damaged(path, 'hold names of classes and pictures', `${name}=${describeValue(list)}`);
  }
  const [count, classes] = [(pictures as string[]).length, (classNames as string[]).length];
  for (const [name, list] of Object.entries({
    labels,
    'predictions.knn': knn,
    'predictions.linearProbe': linearProbe,
  })) {
    const isWhole =
      Array.isArray(list) &&
      list.length === count &&
      list.every((each) => isCount(each, 0) && each < classes);
    if (isWhole) continue;
    throw damaged(
      path,
      `hold one class number below ${classes} for each of ${count} pictures`,
      `${name}=${describeValue(list)}`,
    );
  }
  return value as unknown as RunEvaluation;
}

/**
 * Reads the folder of a run: `losses.jsonl`, which {@link recordLosses} writes, `training.json` with the settings,
 * `evaluation.json`, which {@link saveEvaluation} writes, `quality.json`, which `recordQuality` writes, and `health.json`,
 * which `recordHealth` writes. The commands `train` and `evaluate` write them. Weights are not read.
 *
 * @param dir - The folder: a name or a `file:` URL.
 * @throws `DataError` naming the file when there is no run or one of its files is damaged.
 * @example
 * const { losses } = await readRun('simclr-model');
 */
export async function readRun(dir: FilePath): Promise<Run> {
  const folder = await currentFolder(toFileName(caller, 'dir', dir));
  const paths = {
    losses: join(folder, runFiles.losses),
    settings: join(folder, runFiles.settings),
    evaluation: join(folder, runFiles.evaluation),
  };
  const quality = await readQuality(caller, join(folder, runFiles.quality));
  const health = await readHealth(caller, join(folder, runFiles.health));
  const [losses, settings, evaluation] = await Promise.all(
    Object.values(paths).map((path) => textOfFile(caller, path)),
  );
  if (losses === undefined && evaluation === undefined && quality === undefined) {
    throw damaged(
      JSON.stringify(folder),
      `be the folder of a run, with ${runFiles.losses}, ${runFiles.evaluation} or ${runFiles.quality}`,
      'a folder without them, or none',
    );
  }
  const parsed = settings === undefined ? null : parse(paths.settings, settings);
  if (parsed !== null && !isObject(parsed)) {
    throw damaged(paths.settings, 'hold a JSON object', describeValue(parsed));
  }
  return {
    name: basename(resolve(folder)),
    losses: losses === undefined ? [] : parseLosses(paths.losses, losses),
    settings: parsed,
    evaluation: evaluation === undefined ? null : parseEvaluation(paths.evaluation, evaluation),
    quality: quality ?? null,
    health: health ?? null,
  };
}

/**
 * Writes `evaluation.json` into the folder of a run, for {@link readRun} and for comparisons with other runs.
 *
 * @throws `DataError` when it cannot be written.
 */
export async function saveEvaluation(dir: FilePath, evaluation: RunEvaluation): Promise<void> {
  const folder = await currentFolder(toFileName('saveEvaluation', 'dir', dir));
  await writeText('saveEvaluation', join(folder, runFiles.evaluation), `${JSON.stringify(evaluation)}\n`);
}
