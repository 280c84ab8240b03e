import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isObject } from '../../errors/checks.js';
import { DataError } from '../../errors/errors.js';
import { isError } from '../../errors/is-error.js';
import { type StartingWeights, stateDict, weightsMetadata } from '../../interop/index.js';
import { readSafetensors } from '../../interop/safetensors/safetensors.js';
import { SimCLR } from '../../training/index.js';
import { type FilePath, toFileName } from '../files/file-path.js';
import { readBytes } from '../files/read-bytes.js';
import { runDirectory } from './run-directory.js';

const weightsFile = 'model.safetensors';

/**
 * Reads weights for `startFrom`, from any of:
 *
 * - a folder with a model of this library, as `SimCLR.save(directory(path))` or the command line writes it. The newest
 *   state of the run counts. A backend must be active;
 * - a folder with `model.safetensors`, as `huggingFaceFiles` makes it and timm's models have it. `config.json` says how
 *   pictures are normalized;
 * - a `.safetensors` file, of this library or of torchvision, timm, lightly or solo-learn.
 *
 * @param path - Name of the folder or file, or a `file:` URL.
 * @returns Tensors and metadata. Only host memory is used.
 * @throws `DataError` when there is nothing of that kind, or it cannot be read; `path` of the error names it.
 * @throws `CheckpointError` when a saved model is damaged.
 * @example
 * startFrom(simclr, await readWeights('resnet18.safetensors'));
 */
export async function readWeights(path: FilePath): Promise<StartingWeights> {
  const caller = 'readWeights';
  const name = toFileName(caller, 'path', path);
  const isFolder = await stat(name).then(
    (there) => there.isDirectory(),
    () => false,
  );
  if (!isFolder) return safetensors(caller, name);
  if (await runDirectory(name).holdsModel()) return savedModel(name);
  const file = join(name, weightsFile);
  if (!(await stat(file).catch(() => undefined))) {
    throw new DataError(
      `${caller}: a folder must hold a model of this library (model.json) or ${weightsFile}. Received: path=${JSON.stringify(name)} with neither.`,
      name,
    );
  }
  const weights = await safetensors(caller, file);
  const normalization = await normalizationOf(caller, join(name, 'config.json'));
  return { ...weights, metadata: { ...(normalization && { normalization }), ...weights.metadata } };
}

async function safetensors(caller: string, file: string): Promise<StartingWeights> {
  const bytes = await readBytes(caller, file);
  try {
    return readSafetensors(bytes);
  } catch (error) {
    if (!isError(error, 'DataError')) throw error;
    const hint = /\.(pth?|ckpt|bin)$/.test(file)
      ? ' Only Python can read such a file: docs/interop.md has a program that converts it.'
      : '';
    throw new DataError(
      `${caller}: the file must be safetensors. Received: path=${JSON.stringify(file)} (${error.message.replace(/^\w+: /, '')})${hint}`,
      file,
      { cause: error },
    );
  }
}

async function savedModel(folder: string): Promise<StartingWeights> {
  const newest = await runDirectory(folder).newest();
  const simclr = await SimCLR.load(newest!);
  try {
    const { encoder, projectionHead, normalization } = simclr;
    const tensors = new Map([
      ...(await stateDict(encoder, { prefix: 'encoder.' })),
      ...(await stateDict(projectionHead, { prefix: 'projector.' })),
    ]);
    return { tensors, metadata: weightsMetadata(encoder, normalization ? { normalization } : {}) };
  } finally {
    simclr.dispose();
  }
}

/** What `config.json` of a model of timm says about pictures, as text for the metadata. */
async function normalizationOf(caller: string, file: string): Promise<string | undefined> {
  const bytes = await readBytes(caller, file).catch(() => undefined);
  if (bytes === undefined) return undefined;
  try {
    const config: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const pretrained = isObject(config) && isObject(config.pretrained_cfg) ? config.pretrained_cfg : {};
    const { mean, std } = pretrained;
    return mean && std ? JSON.stringify({ mean, std }) : undefined;
  } catch {
    return undefined;
  }
}
