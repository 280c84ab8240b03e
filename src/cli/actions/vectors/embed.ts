import { existsSync } from 'node:fs';
import { onInterrupt, type SkippedImage } from 'simclr-ts/node';
import type { Action } from '../../context.js';
import { CommandError, exitCodes } from '../../exit-codes.js';
import { type ModelOptions, openModel } from '../open-model.js';
import { listPictures } from '../pictures.js';
import { counted } from '../table.js';
import { prepareFile } from '../write-file.js';
import { type EmbeddedChunk, embedInChunks } from './embed-pictures.js';
import { type PlaceOptions, vectorsOf } from './model-vectors.js';
import { checkVectorFile, writeVectors } from './vector-files.js';

interface EmbedOptions extends ModelOptions, PlaceOptions {
  out?: string;
  batchSize: number;
}

/** `embed DIR|FILE`: writes the vectors of pictures. */
export const embed: Action<EmbedOptions> = async ([path], options, context) => {
  const { out, batchSize } = options;
  if (out === undefined) {
    throw new CommandError('--out FILE is required: the file to write the vectors to.', exitCodes.usage);
  }
  checkVectorFile(out);
  const { paths } = await listPictures(path!);
  const simclr = await openModel(options, context);
  const interrupt = onInterrupt();
  const skipped: SkippedImage[] = [];
  let done = 0;
  async function* untilInterrupted(chunks: AsyncIterable<EmbeddedChunk>) {
    for await (const chunk of chunks) {
      yield chunk;
      done += chunk.paths.length;
      if (!interrupt.signal.aborted || done + skipped.length === paths.length) continue;
      const before = existsSync(out!) ? `${out} is unchanged.` : `${out} was not written.`;
      throw new CommandError(
        `Interrupted after ${done} of ${counted(paths.length, 'picture')}. Nothing was kept: ${before}`,
        interrupt.exitCode!,
      );
    }
  }
  try {
    await prepareFile(out);
    const vectors = vectorsOf(simclr, options, 'h', context);
    const { at, dim } = vectors;
    const chunks = untilInterrupted(embedInChunks({ vectors, paths, batchSize, context }, skipped));
    const { files, rows } = await writeVectors(out, { paths, at, dim, chunks });
    const place = at === 'h' ? '' : ' at the read-out';
    return {
      text: `${counted(rows, 'vector')} of ${dim} numbers${place} in ${files.join(' and ')}`,
      json: { files, pictures: rows, at, dim, model: options.model, skipped },
      exitCode: interrupt.exitCode ?? exitCodes.success,
    };
  } finally {
    interrupt.dispose();
    simclr.dispose();
  }
};
