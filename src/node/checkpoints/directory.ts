import { createHash } from 'node:crypto';
import { copyFile, link, readFile, rename, rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { io } from '@tensorflow/tfjs-core';
import { hasTag } from '../../errors/checks.js';
import { CheckpointError, type DataError } from '../../errors/errors.js';
import { isError } from '../../errors/is-error.js';
import { checkFinite, checkJson, nonFiniteWeight } from '../../training/checkpoints/format.js';
import { type FilePath, toFileName } from '../files/file-path.js';
import { readBytes } from '../files/read-bytes.js';
import { explainSystemError } from '../files/system-error.js';
import {
  beginTemporary,
  endTemporary,
  makeFolder,
  removeLeftovers,
  syncDirectory,
  writeDurably,
} from '../files/write-durably.js';
import { writeTensors } from './write-tensors.js';

const modelFile = 'model.json';
const weightsFile = 'weights.bin';
const previousWeightsFile = 'weights.previous.bin';

/** Files of this module contain the hash of their weights; other TensorFlow.js files do not. */
type ModelFile = io.ModelJSON & { weightsSha256?: string; jsonSha256?: string };

/** A checkpoint as a folder saves it: the bytes of each tensor. */
export type OwnedArtifacts = Omit<io.ModelArtifacts, 'weightData'> & {
  /** The bytes of each tensor: a buffer of their own, or shared memory that stays unchanged until the save has ended. */
  weightData: (ArrayBuffer | Uint8Array<SharedArrayBuffer>)[];
  /** Name, shape and type of each tensor. */
  weightSpecs: io.WeightsManifestEntry[];
};

const bytesOfType: Record<string, number> = { float32: 4, int32: 4, bool: 1, complex64: 8 };

function shards(weightData: io.WeightData | undefined): ArrayBuffer[] {
  if (weightData === undefined) return [];
  return Array.isArray(weightData) ? weightData : [weightData];
}

/** Node hashes less than 2 GiB per call. */
const hashedBytes = 2 ** 30;

function sha256(buffers: readonly ArrayBuffer[]): string {
  const hash = createHash('sha256');
  for (const buffer of buffers) {
    for (let start = 0; start < buffer.byteLength; start += hashedBytes) {
      hash.update(new Uint8Array(buffer, start, Math.min(hashedBytes, buffer.byteLength - start)));
    }
  }
  return hash.digest('hex');
}

/** Hash of a model file without this hash. Parsing and writing JSON again gives the same text. */
function jsonSha256({ jsonSha256: _, ...model }: ModelFile): string {
  return createHash('sha256').update(JSON.stringify(model)).digest('hex');
}

/** Whether `file` holds the weights of the current model file. */
async function belongsToModel(path: string, file: string): Promise<boolean> {
  try {
    const model: ModelFile = JSON.parse(await readFile(join(path, modelFile), 'utf8'));
    return model.weightsSha256 === sha256(await readWeights(path, [file]));
  } catch (error) {
    // An unreadable file may still be what the model file needs, so it must not be removed.
    const { code } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
    if (code !== undefined && code !== 'ENOENT') throw error;
    return false;
  }
}

/** Keeps the current weights under a second name until the new model file is in place. */
async function keepPrevious(path: string): Promise<void> {
  const weights = join(path, weightsFile);
  const previous = join(path, previousWeightsFile);
  // After a crash during a save, these may be the weights of the model file, instead of weights.bin.
  if (await belongsToModel(path, previousWeightsFile)) return;
  try {
    await rm(previous, { force: true });
    await link(weights, previous);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    await copyFile(weights, previous); // file systems without hard links
  }
}

/** Writes the weights to a file and returns their hash. */
type WriteWeights = (file: string) => Promise<string>;

async function save(
  path: string,
  artifacts: Omit<io.ModelArtifacts, 'weightData'>,
  writeWeights: WriteWeights,
): Promise<io.SaveResult> {
  if (hasTag(artifacts.modelTopology, 'ArrayBuffer')) {
    throw new CheckpointError(
      'directory.save: a layers model is expected, whose topology is JSON. Received: a binary topology.',
    );
  }
  const result = { modelArtifactsInfo: io.getModelArtifactsInfoForJSON(artifacts) };
  const { weightSpecs = [], getWeightStream: _, ...whole } = artifacts;
  const { weightData: __, ...rest } = whole as io.ModelArtifacts;
  for (const [name, part] of Object.entries(rest)) checkJson('directory.save', name, part);
  const temporary = [beginTemporary(join(path, weightsFile)), beginTemporary(join(path, modelFile))] as const;
  try {
    await makeFolder(path);
    await removeLeftovers(path, [weightsFile, modelFile]);
    const model: ModelFile = {
      ...rest,
      modelTopology: artifacts.modelTopology ?? {},
      weightsManifest: [{ paths: [weightsFile], weights: weightSpecs }],
      weightsSha256: await writeWeights(temporary[0]),
    };
    model.jsonSha256 = jsonSha256(JSON.parse(JSON.stringify(model)));
    await writeDurably(temporary[1], [JSON.stringify(model)]);
    // A crash between the two renames leaves the old model file with the old weights under their second name.
    await keepPrevious(path);
    await rename(temporary[0], join(path, weightsFile));
    await rename(temporary[1], join(path, modelFile));
    await syncDirectory(path);
    await rm(join(path, previousWeightsFile), { force: true });
  } catch (error) {
    if (isError(error, 'CheckpointError')) throw error;
    throw new CheckpointError(
      `directory.save: path must be a folder that can be written. Received: path=${JSON.stringify(path)} (${explainSystemError(error)}). What was saved there before is kept.`,
      { cause: error },
    );
  } finally {
    await endTemporary(...temporary);
  }
  return result;
}

function writeShards(buffers: ArrayBuffer[]): WriteWeights {
  return async (file) => {
    await writeDurably(
      file,
      buffers.map((buffer) => new Uint8Array(buffer)),
    );
    return sha256(buffers);
  };
}

/** For fewer bytes, a thread costs more than it saves. */
const bytesWorthAThread = 1_000_000;

/** The buffers may go to another thread, so that this one can continue training. */
async function saveOwned(path: string, artifacts: OwnedArtifacts): Promise<io.SaveResult> {
  const { weightData, weightSpecs } = artifacts;
  if (weightData.reduce((total, { byteLength }) => total + byteLength, 0) < bytesWorthAThread) {
    const buffers = weightData.map((bytes) =>
      ArrayBuffer.isView(bytes) ? new Uint8Array(bytes).buffer : bytes,
    );
    checkFinite(buffers, weightSpecs);
    return save(path, artifacts, writeShards(buffers));
  }
  const finite = weightSpecs.map(({ dtype }) => dtype === 'float32');
  return save(path, artifacts, async (file) => {
    const written = await writeTensors(file, weightData, finite);
    if ('sha256' in written) return written.sha256;
    throw nonFiniteWeight(weightSpecs[written.tensor]!.name, written.value);
  });
}

function damaged(file: string, what: string, error?: unknown): CheckpointError {
  return new CheckpointError(
    `directory.load: a model saved by TensorFlow.js is expected. Received: ${JSON.stringify(file)}, ${what}.`,
    error === undefined ? {} : { cause: error },
  );
}

async function readModelFile(path: string): Promise<ModelFile> {
  const file = join(path, modelFile);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw damaged(file, `which cannot be read: ${explainSystemError(error)}`, error);
  }
  let model: ModelFile;
  try {
    model = JSON.parse(text);
  } catch (error) {
    throw damaged(file, 'which is not JSON (cut off?)', error);
  }
  const groups = model?.weightsManifest;
  const valid =
    Array.isArray(groups) &&
    groups.every(
      (group) =>
        Array.isArray(group?.paths) &&
        group.paths.every((name: unknown) => typeof name === 'string') &&
        Array.isArray(group.weights) &&
        group.weights.every(isWeight),
    );
  if (!valid || typeof model.modelTopology !== 'object' || model.modelTopology === null) {
    throw damaged(
      file,
      'which lacks modelTopology or weightsManifest, or holds others than TensorFlow.js writes',
    );
  }
  if (model.jsonSha256 !== undefined && model.jsonSha256 !== jsonSha256(model)) {
    throw damaged(file, 'whose contents are not those that were saved');
  }
  return model;
}

/** Whether an entry of a manifest names a weight, its shape and its type. */
function isWeight(spec: io.WeightsManifestEntry | null): boolean {
  return (
    typeof spec?.name === 'string' &&
    typeof spec.dtype === 'string' &&
    Array.isArray(spec.shape) &&
    spec.shape.every((size) => Number.isSafeInteger(size) && size >= 0)
  );
}

/** Number of bytes according to the manifest, if its types are known. */
function expectedBytes(specs: readonly io.WeightsManifestEntry[]): number | undefined {
  let total = 0;
  for (const { shape, dtype, quantization } of specs) {
    const size = bytesOfType[dtype];
    if (size === undefined || quantization) return undefined;
    total += shape.reduce((product, axis) => product * axis, size);
  }
  return total;
}

async function readWeights(path: string, names: readonly string[]): Promise<ArrayBuffer[]> {
  const buffers: ArrayBuffer[] = [];
  for (const name of names) {
    if (basename(name) !== name) {
      throw damaged(join(path, modelFile), `which names weights outside: ${JSON.stringify(name)}`);
    }
    const file = join(path, name);
    try {
      // Not readFile, which ends at 2 GiB.
      buffers.push((await readBytes('directory.load', file)).buffer as ArrayBuffer);
    } catch (error) {
      const { cause } = error as DataError;
      throw damaged(file, `which cannot be read: ${explainSystemError(cause)}`, cause);
    }
  }
  return buffers;
}

async function load(path: string): Promise<io.ModelArtifacts> {
  const model = await readModelFile(path);
  const { weightsManifest, weightsSha256: expected } = model;
  const names = weightsManifest.flatMap((group) => group.paths);
  let buffers = await readWeights(path, names);
  if (expected !== undefined && sha256(buffers) !== expected) {
    // Left by a crash during a save; see `save`.
    const previous = await readWeights(path, [previousWeightsFile]).catch(() => undefined);
    if (!previous || sha256(previous) !== expected) {
      throw damaged(
        join(path, names[0] ?? weightsFile),
        `whose contents are not those that were saved with ${modelFile}`,
      );
    }
    buffers = previous;
  }
  const specs = weightsManifest.flatMap((group) => group.weights);
  const bytes = buffers.reduce((total, buffer) => total + buffer.byteLength, 0);
  const promised = expectedBytes(specs);
  if (promised !== undefined && promised !== bytes) {
    throw damaged(join(path, names[0] ?? weightsFile), `of ${bytes} bytes where ${promised} are promised`);
  }
  const { weightsSha256: _, jsonSha256: __, ...json } = model;
  return io.getModelArtifactsForJSON(json, async () => [specs, buffers.length === 1 ? buffers[0]! : buffers]);
}

/**
 * Opens a folder to save a model in and to load it from: `model.json` and `weights.bin`, the files of TensorFlow.js,
 * which a web server can serve as they are.
 *
 * A save is all or nothing: files are written under other names, flushed to the disk and renamed, so that a crash or a
 * full disk leaves the previous model. `model.json` holds SHA-256 sums of the weights and of its own contents, which
 * loading checks. Other files in the folder are not touched. Save one model at a time.
 *
 * @param path - The folder, a name or a `file:` URL (an object or text); created if it is missing.
 * @returns A handler for `save` and `load` of models. Both throw `CheckpointError` naming the file: when it
 *   cannot be written (disk full, no permission) or read, is damaged, or weights and model do not belong together.
 * @throws `InvalidOptionError` when `path` is neither a name nor a `file:` URL.
 * @example
 * await simclr.save(directory('out/checkpoint'));
 * const encoder = await loadLayersModel(directory('out/checkpoint'));
 */
export function directory(path: FilePath): {
  /** Saves a model. */
  save(artifacts: io.ModelArtifacts): Promise<io.SaveResult>;
  /**
   * Saves a model from the bytes of each tensor. Large ones are written from another thread: the call then detaches
   * buffers, and reads shared memory in place. `SimCLR.save` uses it. Float32 tensors with NaN or infinities are refused.
   */
  saveOwned(artifacts: OwnedArtifacts): Promise<io.SaveResult>;
  /** Loads the saved model. */
  load(): Promise<io.ModelArtifacts>;
} {
  const folder = resolve(toFileName('directory', 'path', path));
  return {
    save: (artifacts) => save(folder, artifacts, writeShards(shards(artifacts.weightData))),
    saveOwned: (artifacts) => saveOwned(folder, artifacts),
    load: () => load(folder),
  };
}
