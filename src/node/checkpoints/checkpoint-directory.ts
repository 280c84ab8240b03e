import { readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { io } from '@tensorflow/tfjs-core';
import { CheckpointError } from '../../errors/errors.js';
import { type FilePath, toFileName } from '../files/file-path.js';
import { explainSystemError } from '../files/system-error.js';
import { makeFolder, replaceFile } from '../files/write-durably.js';
import { directory } from './directory.js';

const manifestFile = 'checkpoints.json';

/** Result of {@link checkpointDirectory}: a `CheckpointStore` of the root entry. */
export interface CheckpointDirectory {
  /** The folder. */
  readonly path: string;
  /** Saves and loads the checkpoint in the folder of this name. */
  at(name: string): io.IOHandler;
  /** Names of the folders with checkpoints. */
  names(): Promise<string[]>;
  /** Removes the files of a checkpoint, and its folder if nothing else is in it. */
  remove(name: string): Promise<void>;
  /** Reads `checkpoints.json`. */
  readManifest(): Promise<string | undefined>;
  /** Replaces `checkpoints.json`, all or nothing. */
  writeManifest(text: string): Promise<void>;
}

async function unlessMissing<T, U>(work: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return otherwise;
    throw error;
  }
}

/** Removes the manifest first, so that a crash does not leave half a checkpoint. */
async function remove(folder: string): Promise<void> {
  await rm(join(folder, 'model.json'), { force: true });
  for (const name of await unlessMissing(readdir(folder), [])) {
    const own = /^(weights(\.previous)?\.bin|model\.json)(\.\d+-\d+\.tmp)?$/.test(name);
    if (own) await rm(join(folder, name), { force: true });
  }
  await rmdir(folder).catch(() => {}); // other files are the user's
}

/**
 * Opens a folder of numbered checkpoints, for `checkpoint(...)` and `latestCheckpoint(...)`: `step-0000000100/` and so
 * on, each as {@link directory} writes it, and `checkpoints.json`, which lists the valid ones, the newest last.
 *
 * Everything is written under another name, flushed to the disk and renamed, so that a killed process, a full disk or a
 * power cut leaves earlier checkpoints as they were. Use a folder for one run at a time. Other files are not touched.
 *
 * @param path - The folder, a name or a `file:` URL (an object or text); created if it is missing.
 * @returns A store. Its methods throw `CheckpointError` when the folder cannot be read or written.
 * @throws `InvalidOptionError` when `path` is neither a name nor a `file:` URL.
 * @example
 * const store = checkpointDirectory('out/checkpoints');
 * await simclr.fit(images, { callbacks: [checkpoint(store, { everySteps: 100, keep: 3, best: 'loss' })] });
 */
export function checkpointDirectory(path: FilePath): CheckpointDirectory {
  const folder = resolve(toFileName('checkpointDirectory', 'path', path));
  const manifest = join(folder, manifestFile);
  const explained = async <T>(what: string, work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw new CheckpointError(
        `checkpointDirectory: path must be a folder that can be ${what}. Received: path=${JSON.stringify(folder)} (${explainSystemError(error)}).`,
        { cause: error },
      );
    }
  };
  const below = (name: string): string => {
    if (/^step-\d+$/.test(name)) return join(folder, name);
    throw new CheckpointError(
      `checkpointDirectory: name must be of a checkpoint, such as step-0000000100. Received: name=${JSON.stringify(name)}.`,
    );
  };
  const names = async (): Promise<string[]> => {
    const entries = await unlessMissing(readdir(folder, { withFileTypes: true }), []);
    return entries
      .filter((entry) => entry.isDirectory() && /^step-\d+$/.test(entry.name))
      .map(({ name }) => name);
  };
  const writeManifest = async (text: string): Promise<void> => {
    await makeFolder(folder);
    await replaceFile(manifest, text);
  };
  return {
    path: folder,
    at: (name) => directory(below(name)),
    names: () => explained('read', names()),
    remove: (name) => explained('written', remove(below(name))),
    readManifest: () => explained('read', unlessMissing(readFile(manifest, 'utf8'), undefined)),
    writeManifest: (text) => explained('written', writeManifest(text)),
  };
}
