import { existsSync } from 'node:fs';
import { type Interrupt, onInterrupt, type SkippedImage } from 'simclr-ts/node';
import type { Action, Context } from '../../context.js';
import { CommandError, exitCodes } from '../../exit-codes.js';
import { openModel } from '../open-model.js';
import { listPictures } from '../pictures.js';
import { counted } from '../table.js';
import { prepareFile } from '../write-file.js';
import { type EmbeddedChunk, embedInChunks } from './embed-pictures.js';
import { type FolderOptions, folderVectors, hasIndex, indexRemedy } from './folder-vectors.js';
import { vectorsOf } from './model-vectors.js';
import { checkVectorFile, type NamedVectors, type VectorSource, writeVectors } from './vector-files.js';

interface EmbedOptions extends FolderOptions {
  out?: string;
}

/** Vectors to write, and what to say of them. */
interface Embedded {
  source: VectorSource;
  json: object;
  dispose(): void;
}

const stateOf = (out: string) => (existsSync(out) ? `${out} is unchanged.` : `${out} was not written.`);

async function fromIndex(
  dir: string,
  options: EmbedOptions & { out: string },
  context: Context,
  interrupt: Interrupt,
): Promise<Embedded> {
  const found = await folderVectors(dir, { ...options, signal: interrupt.signal }, context);
  const { vectors, paths, model, index, skipped, dispose } = found;
  if (interrupt.signal.aborted) {
    dispose();
    const kept = `The index keeps what was embedded. ${stateOf(options.out)}`;
    throw new CommandError(`Interrupted. ${kept}`, interrupt.exitCode!);
  }
  async function* chunks(): AsyncGenerator<NamedVectors> {
    yield { vectors, paths };
  }
  const source = { paths, at: found.at, dim: vectors.shape[1], chunks: chunks() };
  return { source, json: { model, index, skipped }, dispose };
}

async function fromModel(
  path: string,
  { out, ...options }: EmbedOptions & { out: string },
  context: Context,
  interrupt: Interrupt,
): Promise<Embedded> {
  const { paths } = await listPictures(path);
  const simclr = await openModel(options, context, indexRemedy);
  const skipped: SkippedImage[] = [];
  let done = 0;
  async function* untilInterrupted(chunks: AsyncIterable<EmbeddedChunk>) {
    for await (const chunk of chunks) {
      yield chunk;
      done += chunk.paths.length;
      if (!interrupt.signal.aborted || done + skipped.length === paths.length) continue;
      throw new CommandError(
        `Interrupted after ${done} of ${counted(paths.length, 'picture')}. Nothing was kept: ${stateOf(out)}`,
        interrupt.exitCode!,
      );
    }
  }
  const { batchSize } = options;
  const vectors = vectorsOf(simclr, options, 'h', context);
  const chunks = untilInterrupted(embedInChunks({ vectors, paths, batchSize, context }, skipped));
  return {
    source: { paths, at: vectors.at, dim: vectors.dim, chunks },
    json: { model: options.model, skipped },
    dispose: () => simclr.dispose(),
  };
}

/** `embed DIR|FILE`: writes the vectors of pictures. */
export const embed: Action<EmbedOptions> = async ([path], options, context) => {
  const { out } = options;
  if (out === undefined) {
    throw new CommandError('--out FILE is required: the file to write the vectors to.', exitCodes.usage);
  }
  checkVectorFile(out);
  await prepareFile(out);
  const interrupt = onInterrupt();
  try {
    const from = (await hasIndex(path!, options)) ? fromIndex : fromModel;
    const { source, json, dispose } = await from(path!, { ...options, out }, context, interrupt);
    try {
      const { files, rows } = await writeVectors(out, source);
      return {
        text: `${counted(rows, 'vector')} of ${source.dim} numbers${source.at === 'readout' ? ' at the read-out' : ''} in ${files.join(' and ')}`,
        json: { files, pictures: rows, at: source.at, dim: source.dim, ...json },
        exitCode: interrupt.exitCode ?? exitCodes.success,
      };
    } finally {
      dispose();
    }
  } finally {
    interrupt.dispose();
  }
};
