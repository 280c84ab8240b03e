import type { Action } from '../context.js';
import { CommandError, exitCodes } from '../exit-codes.js';
import { embedPictures } from './embed-pictures.js';
import { type ModelOptions, openModel } from './open-model.js';
import { listPictures } from './pictures.js';
import { counted } from './table.js';
import { checkVectorFile, writeVectors } from './vector-files.js';
import { prepareFile } from './write-file.js';

interface EmbedOptions extends ModelOptions {
  out?: string;
  batchSize: number;
}

/** `embed DIR|FILE`: writes the vectors of pictures. */
export const embed: Action<EmbedOptions> = async ([path], options, context) => {
  const { out, batchSize } = options;
  if (out === undefined) {
    throw new CommandError('--out FILE is needed: where the vectors go.', exitCodes.usage);
  }
  checkVectorFile(out);
  const { paths } = await listPictures(path!);
  const simclr = await openModel(options, context);
  try {
    await prepareFile(out);
    const embedded = await embedPictures(simclr, paths, batchSize, context);
    const files = await writeVectors(out, embedded);
    const [pictures, dim] = embedded.vectors.shape;
    const { skipped } = embedded;
    return {
      text: `${counted(pictures, 'vector')} of ${dim} numbers in ${files.join(' and ')}`,
      json: { files, pictures, dim, model: options.model, skipped },
    };
  } finally {
    simclr.dispose();
  }
};
