import { resolve } from 'node:path';
import type { EmbeddingArray, ImageArray, SimCLR } from 'simclr-ts';
import { type NearestNeighbors, nearestNeighbors } from 'simclr-ts/evaluation';
import {
  type FolderIndex,
  type FoundIndex,
  findIndex,
  type IndexChanges,
  type IndexFolderOptions,
  indexFolder,
  type Progress,
  progress,
  type SkippedImage,
} from 'simclr-ts/node';
import { isError } from '../../../errors/is-error.js';
import type { Context } from '../../context.js';
import { CommandError, exitCodeOf, exitCodes } from '../../exit-codes.js';
import { holdsModel, type ModelOptions, openModel, startBackend } from '../open-model.js';
import { listFolder, warnOfSkipped } from '../pictures.js';
import { embedPictures } from './embed-pictures.js';
import {
  type ModelVectors,
  type PlaceOptions,
  placeOf,
  type VectorPlace,
  vectorsOf,
} from './model-vectors.js';

/** Options of commands that use an index where there is one. */
export interface FolderOptions extends ModelOptions, PlaceOptions {
  /** Where the index is; false with --no-index. */
  index?: string | false;
  batchSize: number;
}

/** Vectors of a folder's pictures, from its index or made now. */
export interface FolderVectors {
  vectors: EmbeddingArray;
  paths: readonly string[];
  skipped: readonly SkippedImage[];
  /** What the results say of the model: its folder, or null for the network of an index. */
  model: string | null;
  at: VectorPlace;
  dim: number;
  /** What the index did. */
  index?: IndexChanges & { location: string };
  /** SHA-256 of each file, where an index knows them. */
  hashes?: readonly string[];
  /** Height and width to which pictures are scaled before they are embedded. */
  inputSize: readonly [height: number, width: number];
  /** The vector of another picture by the same model. */
  embed(path: string): Promise<EmbeddingArray>;
  /** Vectors of decoded pictures of the input size. */
  embedImages(images: ImageArray): Promise<EmbeddingArray>;
  search(query: EmbeddingArray, neighbors: number): Promise<NearestNeighbors>;
  dispose(): void;
}

/** A number with separators, and its noun: '1 picture', '4,321 pictures'. */
export function many(count: number, thing: string): string {
  return `${count.toLocaleString('en')} ${thing}${count === 1 ? '' : 's'}`;
}

/** What an index did, in words. */
export function describeChanges({ embedded, reused, renamed, removed, pending }: IndexChanges): string {
  const moved = renamed > 0 ? ` (${renamed.toLocaleString('en')} under another name)` : '';
  const parts = [
    `embedded ${many(embedded, 'new picture')}`,
    `${reused.toLocaleString('en')} from the index${moved}`,
  ];
  if (removed > 0) parts.push(`dropped ${removed.toLocaleString('en')} that are gone`);
  if (pending > 0) parts.push(`${many(pending, 'file')} still to read`);
  return parts.join('; ');
}

/** The library's options as flags, in an error about an index. */
function inFlags(error: unknown, dir: string): unknown {
  if (!isError(error, 'SimCLRError') || !/\b(location|rebuild: true|the index)\b/.test(error.message))
    return error;
  const message = error.message
    .replace(/^\w+(\.\w+)?: /, '')
    .replaceAll('rebuild: true', `\`simclr-ts index ${JSON.stringify(dir)} --rebuild\``)
    .replace(/^model must/, '--model must')
    .replace(/^the /, 'The ')
    .replace(/\blocation\b/g, '--index');
  return new CommandError(message, exitCodeOf(error), { cause: error });
}

/** Options of {@link openIndex}. */
export interface OpenIndexOptions extends FolderOptions {
  rebuild?: boolean;
  shard?: IndexFolderOptions['shard'];
  signal?: AbortSignal;
}

const locationOf = ({ index }: FolderOptions) => (typeof index === 'string' ? { location: index } : {});

/** The model that an index needs: the one that was asked for, the one it was made with, or for a new one what there is. */
async function modelFor(
  dir: string,
  found: FoundIndex | undefined,
  options: OpenIndexOptions,
  context: Context,
): Promise<{ simclr: SimCLR; name: string } | undefined> {
  if (context.isGiven('model')) return { simclr: await openModel(options, context), name: options.model };
  const before = options.rebuild ? undefined : found;
  if (before?.model.kind === 'given') {
    const { name } = before.model;
    const remedy = ` The index of ${dir} was made with it; \`simclr-ts index ${JSON.stringify(dir)} --rebuild\` makes it again.`;
    const model = name ?? options.model;
    return { simclr: await openModel({ ...options, model }, context, remedy), name: model };
  }
  if (!before && (await holdsModel(options.model))) {
    return { simclr: await openModel(options, context), name: options.model };
  }
  await startBackend(options.backend, context);
  return undefined;
}

/** Makes or updates the index of a folder. The caller disposes of both results. */
export async function openIndex(
  dir: string,
  options: OpenIndexOptions,
  context: Context,
  keep: IndexFolderOptions['keep'] = 'always',
): Promise<{ index: FolderIndex; simclr?: SimCLR; model: string | null }> {
  let bar: Progress | undefined;
  let simclr: SimCLR | undefined;
  try {
    const found = options.rebuild ? undefined : await findIndex(dir, locationOf(options));
    const model = await modelFor(dir, found, options, context);
    simclr = model?.simclr;
    const kept = found?.model.kind === 'given' ? { at: found.model.at } : {};
    const at = simclr && placeOf(simclr, { ...kept, ...options, model: model!.name }, 'readout', context);
    if (!found && !model) {
      context.note('No model is given: a network that needs no training is fitted to the pictures first.');
    }
    const index = await indexFolder(dir, {
      ...locationOf(options),
      ...(model && {
        model: at === 'readout' ? model.simclr.readout! : model.simclr,
        modelName: resolve(model.name),
      }),
      ...(options.shard && { shard: options.shard }),
      ...(options.signal && { signal: options.signal }),
      rebuild: options.rebuild ?? false,
      batchSize: options.batchSize,
      keep,
      onProgress(done, total) {
        bar ??= progress(total, 'Embedding', { quiet: context.quiet });
        bar.update(done);
      },
    });
    return { index, model: model?.name ?? null, ...(simclr && { simclr }) };
  } catch (error) {
    simclr?.dispose();
    throw inFlags(error, dir);
  } finally {
    bar?.stop();
  }
}

/** @throws {@link CommandError} when no picture has a vector. */
export function checkSome(dir: string, paths: readonly string[], skipped: readonly SkippedImage[]): void {
  if (paths.length > 0) return;
  const first = skipped[0] ? ` The first: ${skipped[0].path}: ${skipped[0].reason}` : '';
  throw new CommandError(`No file in ${dir} is a complete picture.${first}`, exitCodes.files);
}

async function indexedVectors(
  dir: string,
  options: OpenIndexOptions,
  context: Context,
): Promise<FolderVectors> {
  const { index, simclr, model } = await openIndex(dir, options, context, 'whenPossible');
  const dispose = () => {
    index.dispose();
    simclr?.dispose();
  };
  try {
    if (!options.signal?.aborted) checkSome(dir, index.paths, index.skipped);
    const said = describeChanges(index.changes);
    context.note(`${said[0]!.toUpperCase()}${said.slice(1)}.`);
    if (index.unsaved !== undefined) {
      context.warn(
        `The index in ${index.location} cannot be written (${index.unsaved}): new pictures will be embedded again next time. ` +
          '`--index DIR` keeps it elsewhere.',
      );
    }
    warnOfSkipped(index.skipped, context);
  } catch (error) {
    dispose();
    throw error;
  }
  const { vectors, paths, skipped, hashes, location, changes } = index;
  return {
    vectors,
    paths,
    skipped,
    model,
    at: index.model.at,
    dim: index.model.dim,
    index: { location, ...changes },
    hashes,
    inputSize: index.inputSize,
    embed: (path) => index.embed([path]),
    embedImages: (images) => index.embed(images),
    search: (query, neighbors) => index.search(query, neighbors),
    dispose,
  };
}

/** What `--model` needs to be without an index. */
export const indexRemedy =
  ' `simclr-ts index DIR` makes an index, with which search, duplicates, stacks, map, select, label, and embed need no training.';

/** Whether a folder has an index that the options do not pass over. */
export async function hasIndex(dir: string, options: FolderOptions): Promise<boolean> {
  if (options.index === false) return false;
  try {
    if (await findIndex(dir, locationOf(options))) return true;
  } catch (error) {
    throw inFlags(error, dir);
  }
  if (options.index === undefined) return false;
  throw new CommandError(
    `There is no index in ${JSON.stringify(options.index)}. Make one with \`simclr-ts index ${JSON.stringify(dir)} --index ${JSON.stringify(options.index)}\`.`,
    exitCodes.files,
  );
}

/** The vectors of a folder's pictures: from its index, which is brought up to date, or where there is none, all made now. */
export async function folderVectors(
  dir: string,
  options: OpenIndexOptions,
  context: Context,
  remedy = indexRemedy,
  usual: VectorPlace = 'readout',
): Promise<FolderVectors> {
  if (await hasIndex(dir, options)) return indexedVectors(dir, options, context);
  const { paths } = await listFolder(dir);
  const simclr = await openModel(options, context, remedy);
  try {
    const { batchSize } = options;
    const vectors: ModelVectors = vectorsOf(simclr, options, usual, context);
    const found = await embedPictures({ vectors, paths, batchSize, context });
    return {
      ...found,
      model: options.model,
      at: vectors.at,
      dim: vectors.dim,
      inputSize: vectors.inputSize,
      embedImages: (images) => vectors.embed(images, batchSize),
      async embed(path) {
        const quiet = { ...context, quiet: true };
        return (await embedPictures({ vectors, paths: [path], batchSize: 1, context: quiet })).vectors;
      },
      search: (query, neighbors) => nearestNeighbors(query, found.vectors, neighbors),
      dispose: () => simclr.dispose(),
    };
  } catch (error) {
    simclr.dispose();
    throw error;
  }
}
