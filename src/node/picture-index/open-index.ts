import { realpath } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { CheckpointError, DataError, InvalidOptionError } from '../../errors/errors.js';
import type { Readout } from '../../features/index.js';
import { explainSystemError, isSystemError } from '../files/system-error.js';
import { makeFolder } from '../files/write-durably.js';
import { fitNetwork, loadNetwork, saveNetwork } from './fitted-network.js';
import { type IndexNetwork, indexNetwork } from './index-network.js';
import { waitForLock } from './storage/lock.js';
import {
  checkFolder,
  type Manifest,
  makeGeneration,
  newGeneration,
  readManifest,
  removeOtherGenerations,
  writeManifest,
} from './storage/manifest.js';

/** What to open. */
export interface OpenPlan {
  caller: string;
  /** The folder of the pictures. */
  dir: string;
  location: string;
  /** The network of the model that was given. */
  given: IndexNetwork | undefined;
  modelName: string | undefined;
  rebuild: boolean;
  /** Names of the pictures, to fit a network to. */
  names: readonly string[];
  signal: AbortSignal | undefined;
}

/** An index, and the network that its vectors come from. */
export interface OpenIndex {
  manifest: Manifest;
  /** The folder with the segments. */
  folder: string;
  /** Loads the network, unless it is there. */
  network(): Promise<IndexNetwork>;
  /** Disposes the network if it belongs to the index. */
  dispose(): void;
}

/** The error of an index that cannot be written. */
export function unwritableIndex(caller: string, location: string, error: unknown): DataError {
  return new DataError(
    `${caller}: location must be a folder that can be written; give another one to keep the index there. Received: location=${JSON.stringify(location)} (${explainSystemError(error)}).`,
    location,
    { cause: error },
  );
}

function describe({ kind, name, dim, fingerprint }: Manifest['model']): string {
  const what =
    kind === 'fitted' ? 'a network fitted to the folder' : `the model ${JSON.stringify(name ?? '')}`;
  return `${what} (${dim} numbers, fingerprint ${fingerprint.slice(0, 12)})`;
}

function checkModel({ caller, location, given }: OpenPlan, { model }: Manifest): void {
  if (given === undefined) {
    if (model.kind === 'fitted') return;
    throw new InvalidOptionError(
      `${caller}: model must be the one whose vectors the index holds; rebuild: true makes an index without a model. Received: no model, and the index in ${JSON.stringify(location)} of ${describe(model)}.`,
    );
  }
  if (given.fingerprint === model.fingerprint) return;
  throw new CheckpointError(
    `${caller}: model must be the one whose vectors the index holds; rebuild: true makes the index with another, and another location keeps both. Received: a model with fingerprint ${given.fingerprint.slice(0, 12)}, and the index in ${JSON.stringify(location)} of ${describe(model)}.`,
  );
}

function opened({ location, given }: OpenPlan, manifest: Manifest, fitted?: Readout): OpenIndex {
  const folder = join(location, manifest.generation);
  let own = fitted;
  let network: Promise<IndexNetwork> | undefined;
  const load = async () => {
    own ??= await loadNetwork(folder);
    return indexNetwork(own);
  };
  return {
    manifest,
    folder,
    network: () => {
      network ??= given ? Promise.resolve(given) : load();
      return network;
    },
    dispose: () => own?.dispose(),
  };
}

/** Makes an index without vectors. The lock must be held. */
async function makeIndex(plan: OpenPlan): Promise<OpenIndex> {
  const { caller, dir, location, given, modelName, names } = plan;
  const generation = newGeneration();
  const folder = await makeGeneration(location, generation);
  const fitted = given ? undefined : await fitNetwork(caller, dir, names);
  try {
    if (fitted) await saveNetwork(folder, fitted);
    const { fingerprint, at, dim, inputShape } = given ?? (await indexNetwork(fitted!));
    const isInside = !relative(resolve(dir), resolve(location)).split(sep).includes('..');
    const manifest: Manifest = {
      format: 'simclr-ts index',
      version: 1,
      generation,
      model: {
        kind: given ? 'given' : 'fitted',
        ...(given && modelName !== undefined && { name: modelName }),
        fingerprint,
        at,
        dim,
        inputShape,
        ...(fitted && { fittedTo: fitted.pictures }),
      },
      ...(!isInside && { folder: await realpath(dir) }),
    };
    await writeManifest(location, manifest);
    await removeOtherGenerations(location, generation);
    return opened(plan, manifest, fitted);
  } catch (error) {
    fitted?.dispose();
    throw error;
  }
}

/**
 * Opens the index of a folder, or makes one. Of processes that would make it at the same time, one does, and the others
 * wait for it.
 */
export async function openIndex(plan: OpenPlan): Promise<OpenIndex> {
  const { caller, dir, location, rebuild, signal } = plan;
  const existing = async (): Promise<OpenIndex | undefined> => {
    const manifest = await readManifest(caller, location);
    if (!manifest) return undefined;
    await checkFolder(caller, location, manifest, dir);
    checkModel(plan, manifest);
    return opened(plan, manifest);
  };
  const found = rebuild ? undefined : await existing();
  if (found) return found;
  try {
    await makeFolder(location);
    const lock = await waitForLock(join(location, 'lock'), signal);
    try {
      const meanwhile = rebuild ? undefined : await existing();
      return meanwhile ?? (await makeIndex(plan));
    } finally {
      await lock.release();
    }
  } catch (error) {
    throw isSystemError(error) ? unwritableIndex(caller, location, error) : error;
  }
}
