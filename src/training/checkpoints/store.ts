import type { io } from '@tensorflow/tfjs-core';
import { checkKeys } from '../../errors/check-keys.js';
import { CheckpointError } from '../../errors/errors.js';
import { isError } from '../../errors/is-error.js';
import { checkCheckpoint } from './format.js';
import { type CheckpointEntry, type CheckpointManifest, parseManifest, stepOfName } from './manifest.js';

/** A place that holds several checkpoints by name and a small text about them; `checkpointDirectory` of `simclr-ts/node` is one. */
export interface CheckpointStore {
  /** Saves and loads one checkpoint; a save is all or nothing. */
  at(name: string): io.IOHandler;
  /** Names of the checkpoints that are there, in any order, whether whole or not. */
  names(): Promise<string[]>;
  /** Removes a checkpoint. */
  remove(name: string): Promise<void>;
  /** The text that was written last; `undefined` before the first. */
  readManifest(): Promise<string | undefined>;
  /** Replaces the text, all or nothing. */
  writeManifest(text: string): Promise<void>;
}

/** A checkpoint that was left out because it is damaged. */
export interface DamagedCheckpoint {
  /** Its name in the store. */
  name: string;
  /** What is wrong with it. */
  reason: string;
  /** What reading it threw. */
  error?: unknown;
}

/** A checkpoint that was found and read: hand it to `SimCLR.load`. */
export interface FoundCheckpoint extends CheckpointEntry {
  /** Gives what was read. */
  load(): Promise<io.ModelArtifacts>;
  /** Newer ones that could not be used, from the newest on. */
  damaged: DamagedCheckpoint[];
}

/** Options of {@link latestCheckpoint} and {@link bestCheckpoint}. */
export interface FindCheckpointOptions {
  /** Hears of each checkpoint that is damaged and was passed over. @defaultValue `console.warn` */
  onDamaged?: (damaged: DamagedCheckpoint) => void;
}

const warn = ({ name, reason }: DamagedCheckpoint): void => {
  console.warn(`simclr-ts: the checkpoint ${name} is damaged, and the one before is used. ${reason}`);
};

/** Whether `value` is a {@link CheckpointStore}, judged by its methods. */
export function isCheckpointStore(value: unknown): value is CheckpointStore {
  const methods = ['at', 'names', 'remove', 'readManifest', 'writeManifest'];
  return (
    typeof value === 'object' &&
    value !== null &&
    methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function')
  );
}

/** What the store says of its checkpoints; where its manifest is damaged, their names have to tell. */
export async function readEntries(
  store: CheckpointStore,
): Promise<{ manifest: CheckpointManifest; damaged: DamagedCheckpoint[] }> {
  const text = await store.readManifest();
  const names = new Set(await store.names());
  try {
    if (text === undefined) return { manifest: fromNames(names), damaged: [] };
    const manifest = parseManifest(text);
    const present = manifest.checkpoints.filter(({ name }) => names.has(name));
    const gone = manifest.checkpoints.filter(({ name }) => !names.has(name));
    return {
      manifest: { ...manifest, checkpoints: present },
      damaged: gone.map(({ name }) => ({ name, reason: 'It is not there.' })).reverse(),
    };
  } catch (error) {
    if (!isError(error, 'CheckpointError')) throw error;
    return { manifest: fromNames(names), damaged: [{ name: 'manifest', reason: error.message }] };
  }
}

/** Ordered by the numbers in their names, which is wrong only for a run that was restarted at an earlier step. */
function fromNames(names: Iterable<string>): CheckpointManifest {
  const checkpoints = [...names]
    .map((name) => ({ name, step: stepOfName(name) }))
    .filter((entry): entry is CheckpointEntry => entry.step !== undefined)
    .sort((a, b) => a.step - b.step);
  return { checkpoints };
}

/** Reads and checks one, all but the making of its models. */
async function open(
  store: CheckpointStore,
  entry: CheckpointEntry,
): Promise<Omit<FoundCheckpoint, 'damaged'>> {
  const handler = store.at(entry.name);
  if (!handler.load) throw new CheckpointError(`store.at(${JSON.stringify(entry.name)}) cannot load.`);
  const artifacts = await handler.load();
  const { progress } = checkCheckpoint(artifacts).metadata;
  if (progress.step !== entry.step) {
    throw new CheckpointError(
      `latestCheckpoint: a checkpoint must be of the step in its name. Received: ${entry.name} with step ${progress.step}.`,
    );
  }
  return { ...entry, load: async () => artifacts };
}

async function firstGood(
  store: CheckpointStore,
  entries: CheckpointEntry[],
  damaged: DamagedCheckpoint[],
  { onDamaged = warn }: FindCheckpointOptions,
): Promise<FoundCheckpoint | undefined> {
  for (const one of damaged) onDamaged(one);
  for (const entry of entries) {
    try {
      return { ...(await open(store, entry)), damaged };
    } catch (error) {
      const one = { name: entry.name, reason: (error as Error).message, error };
      damaged.push(one);
      onDamaged(one);
    }
  }
  return undefined;
}

/**
 * The newest checkpoint of a store that is whole: which a run can continue from after an interruption. A torn or damaged
 * one is passed over, and that is said.
 *
 * @param store - Such as `checkpointDirectory(path)` of `simclr-ts/node`.
 * @returns The checkpoint, read and checked, for `SimCLR.load`; `undefined` when the store has none.
 * @throws {@link CheckpointError} when there are checkpoints and all are damaged, so that you decide whether to start over.
 * @example
 * const latest = await latestCheckpoint(store);
 * const simclr = latest ? await SimCLR.load(latest) : new SimCLR({ encoder });
 * await simclr.fit(images, { epochs: 100, resume: true, callbacks: [checkpoint(store, { everySteps: 100 })] });
 */
export async function latestCheckpoint(
  store: CheckpointStore,
  options: FindCheckpointOptions = {},
): Promise<FoundCheckpoint | undefined> {
  checkKeys('latestCheckpoint', options, { onDamaged: 1 });
  const { manifest, damaged } = await readEntries(store);
  const found = await firstGood(store, [...manifest.checkpoints].reverse(), damaged, options);
  if (found || damaged.every(({ name }) => name === 'manifest')) return found;
  throw new CheckpointError(
    `latestCheckpoint: store must hold at least one checkpoint that is whole. Received: ${damaged.length} damaged (${damaged.map(({ name }) => name).join(', ')}). The first: ${damaged[0]!.reason}`,
  );
}

/**
 * The best checkpoint of a store by what `checkpoint`'s `best` measured.
 *
 * @param store - Such as `checkpointDirectory(path)` of `simclr-ts/node`.
 * @returns The checkpoint, read and checked, for `SimCLR.load`; `undefined` when none was measured. A damaged one is
 * passed over for the next best that was kept, and that is said.
 */
export async function bestCheckpoint(
  store: CheckpointStore,
  options: FindCheckpointOptions = {},
): Promise<FoundCheckpoint | undefined> {
  checkKeys('bestCheckpoint', options, { onDamaged: 1 });
  const { manifest, damaged } = await readEntries(store);
  const measured = manifest.checkpoints.filter(({ value }) => value !== undefined);
  return firstGood(
    store,
    measured.sort((a, b) => a.value! - b.value!),
    damaged,
    options,
  );
}
