import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { io } from '@tensorflow/tfjs-core';
import { checkKeys } from '../../errors/check-keys.js';
import { isObject } from '../../errors/checks.js';
import { CheckpointError } from '../../errors/errors.js';
import { isError } from '../../errors/is-error.js';
import { keepEntries } from '../../training/checkpoints/log.js';
import {
  type FindCheckpointOptions,
  latestCheckpoint,
  readEntries,
} from '../../training/checkpoints/store.js';
import { type FilePath, toFileName } from '../files/file-path.js';
import { explainSystemError, isSystemError } from '../files/system-error.js';
import { replaceFile, syncDirectory, writeDurably } from '../files/write-durably.js';
import { checkpointDirectory } from './checkpoint-directory.js';
import { directory } from './directory.js';

/** Files that describe a run. */
export const runFiles = {
  losses: 'losses.jsonl',
  settings: 'training.json',
  evaluation: 'evaluation.json',
  quality: 'quality.json',
  health: 'health.json',
} as const;

const modelFiles = ['model.json', 'weights.bin', 'weights.previous.bin'];
const checkpointsFolder = 'checkpoints';
/** A run that has started, whose files are not yet in their places. */
const begunFolder = 'begun';
/** A run that is being started; it is ignored. */
const unfinishedFolder = 'begun.tmp';
const firstCheckpoint = 'step-0000000000';

/** A model that {@link RunDirectory.newest} found: hand it to `SimCLR.load`. */
export interface NewestModel {
  /** Its folder: that of the run, or of one of its checkpoints. */
  path: string;
  /** Optimizer steps that it has been trained for. */
  step: number;
  /** Returns the loaded model. */
  load(): Promise<io.ModelArtifacts>;
}

/** Result of {@link runDirectory}. */
export interface RunDirectory {
  /** The folder. */
  readonly path: string;
  /**
   * The folder that holds the files of the latest run: `path`, or a folder inside it if `begin` was interrupted before
   * the files were in their places.
   */
  current(): Promise<string>;
  /** Whether there is a model or a checkpoint, even a damaged one. */
  holdsModel(): Promise<boolean>;
  /**
   * Finds the newest state of the latest run: `model.json`, or a checkpoint of more steps, which a killed run leaves.
   * `undefined` if there is neither.
   *
   * @throws `CheckpointError` when all models and checkpoints are damaged.
   */
  newest(options?: FindCheckpointOptions): Promise<NewestModel | undefined>;
  /**
   * Replaces the run by a new one, all or nothing: whenever the process is killed, the folder holds either the old run or
   * the new one, each with its own settings, losses and weights.
   *
   * @param settings - The text of `training.json`.
   * @param save - Saves the model as it is before the first step.
   * @param options - `keepLosses`: the new run continues the losses, `quality.json`, and `health.json` of the old one, as
   *   the next trainer of the same run.
   */
  begin(
    settings: string,
    save: (target: io.IOHandler) => Promise<unknown>,
    options?: { keepLosses?: boolean },
  ): Promise<void>;
  /** Finishes a `begin` that was interrupted. Call it before you write into the folder. */
  settle(): Promise<void>;
  /**
   * Removes all checkpoints but the newest, which stays as a second copy of the model. Call it once the model is saved:
   * the folder then holds twice the model.
   */
  end(): Promise<void>;
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}

async function currentFolder(folder: string): Promise<string> {
  const begun = join(folder, begunFolder);
  return (await exists(join(begun, checkpointsFolder, firstCheckpoint))) ? begun : folder;
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Moves the files of a new run into place. It may be interrupted anywhere and repeated. */
async function settle(folder: string): Promise<void> {
  await rm(join(folder, unfinishedFolder), { recursive: true, force: true });
  const begun = join(folder, begunFolder);
  if (!(await exists(begun))) return;
  if ((await currentFolder(folder)) === begun) {
    for (const name of modelFiles) await rm(join(folder, name), { force: true });
    for (const name of Object.values(runFiles)) {
      const text = await textOf(join(begun, name));
      if (text === undefined) await rm(join(folder, name), { force: true });
      else await replaceFile(join(folder, name), text);
    }
    const store = checkpointDirectory(join(folder, checkpointsFolder));
    await rm(join(store.path, 'checkpoints.json'), { force: true });
    for (const name of await store.names()) await store.remove(name);
    await mkdir(store.path, { recursive: true });
    // Until this rename the run is the one in `begun`, after it the one in `folder`.
    await rename(join(begun, checkpointsFolder, firstCheckpoint), join(store.path, firstCheckpoint));
    await syncDirectory(store.path);
  }
  await rm(begun, { recursive: true, force: true });
}

async function begin(folder: string, ...[settings, save, options = {}]: Parameters<RunDirectory['begin']>) {
  checkKeys('RunDirectory.begin', options, { keepLosses: 1 });
  await settle(folder);
  const kept = (name: string) => (options.keepLosses ? textOf(join(folder, name)) : undefined);
  const losses = await kept(runFiles.losses);
  const measured = await Promise.all(
    [runFiles.quality, runFiles.health].map(async (name) => [name, await kept(name)] as const),
  );
  const unfinished = join(folder, unfinishedFolder);
  await mkdir(unfinished, { recursive: true });
  await writeDurably(join(unfinished, runFiles.settings), [settings]);
  await writeDurably(join(unfinished, runFiles.losses), [losses ?? '']);
  for (const [name, text] of measured) {
    if (text !== undefined) await writeDurably(join(unfinished, name), [text]);
  }
  await save(checkpointDirectory(join(unfinished, checkpointsFolder)).at(firstCheckpoint));
  await syncDirectory(unfinished);
  await rename(unfinished, join(folder, begunFolder)); // the moment from which the new run counts
  await syncDirectory(folder);
  await settle(folder);
}

async function keepNewestCheckpoint(folder: string): Promise<void> {
  const store = checkpointDirectory(join(folder, checkpointsFolder));
  const newest = (await readEntries(store)).manifest.checkpoints.at(-1);
  if (newest) await keepEntries(store, [newest]);
}

/** Steps of a saved trainer; -1 for a model from another program. */
function stepOf({ userDefinedMetadata: saved }: io.ModelArtifacts): number {
  const progress = isObject(saved) ? saved.progress : undefined;
  return isObject(progress) && typeof progress.step === 'number' ? progress.step : -1;
}

async function newest(folder: string, options: FindCheckpointOptions): Promise<NewestModel | undefined> {
  const path = await currentFolder(folder);
  const store = checkpointDirectory(join(path, checkpointsFolder));
  const { manifest } = await readEntries(store);
  let saved: NewestModel | undefined;
  let failure: CheckpointError | undefined;
  if (await exists(join(path, 'model.json'))) {
    try {
      const artifacts = await directory(path).load();
      saved = { path, step: stepOf(artifacts), load: async () => artifacts };
    } catch (error) {
      if (!isError(error, 'CheckpointError')) throw error;
      failure = error;
      options.onDamaged?.({ name: 'model.json', reason: error.message });
    }
  }
  if (saved && saved.step >= (manifest.checkpoints.at(-1)?.step ?? -1)) return saved;
  try {
    const found = await latestCheckpoint(store, options);
    if (found && found.step > (saved?.step ?? -1)) {
      return { path: join(store.path, found.name), step: found.step, load: () => found.load() };
    }
  } catch (error) {
    if (!isError(error, 'CheckpointError')) throw error;
    failure ??= error;
  }
  if (!saved && failure) throw failure;
  return saved;
}

/**
 * Opens the folder of a run, as the command line's `train` writes it: `checkpoints/` during training, `model.json` and
 * `weights.bin` at its end, and `training.json` and `losses.jsonl`, which describe it.
 *
 * @param path - The folder: a name or a `file:` URL.
 * @returns Functions that find the newest model in it and start a new run. They throw `CheckpointError` when the folder
 *   cannot be read or written.
 * @example
 * const newest = await runDirectory('simclr-model').newest();
 * if (newest) simclr = await SimCLR.load(newest);
 */
export function runDirectory(path: FilePath): RunDirectory {
  const folder = resolve(toFileName('runDirectory', 'path', path));
  const explained = async <T>(what: string, work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (!isSystemError(error)) throw error;
      throw new CheckpointError(
        `runDirectory: path must be a folder that can be ${what}. Received: path=${JSON.stringify(folder)} (${explainSystemError(error)}).`,
        { cause: error },
      );
    }
  };
  return {
    path: folder,
    current: () => currentFolder(folder),
    async holdsModel() {
      const current = await currentFolder(folder);
      if (await exists(join(current, 'model.json'))) return true;
      return (await checkpointDirectory(join(current, checkpointsFolder)).names()).length > 0;
    },
    async newest(options = {}) {
      checkKeys('RunDirectory.newest', options, { onDamaged: 1 });
      return explained('read', newest(folder, options));
    },
    begin: (...begun) => explained('written', begin(folder, ...begun)),
    settle: () => explained('written', settle(folder)),
    end: () => explained('written', keepNewestCheckpoint(folder)),
  };
}
