import type { History, Readout, SimCLR } from 'simclr-ts';
import { fitReadout } from 'simclr-ts/features';
import { progress } from 'simclr-ts/node';
import { isInputError } from '../../../errors/is-error.js';
import type { Context } from '../../context.js';
import type { TrainingPictures } from './pictures/training-pictures.js';

/** Several times as many pictures as a read-out has dimensions; more do not change it. */
const mostPictures = 4096;

/** Whitened by fewer, vectors are mostly chance: two files of the same picture would not look alike. */
const fewestPictures = 128;

/**
 * Fits the read-out of a trained model to some of its pictures, unless the run was interrupted: whoever interrupts wants
 * to leave. There is none for a handful of pictures, nor for a model that cannot be read so, which a warning says.
 */
export async function fitTrainedReadout(
  simclr: SimCLR,
  { outcome }: History,
  pictures: TrainingPictures,
  context: Context,
): Promise<Readout | undefined> {
  if (outcome === 'aborted' || simclr.readoutStatus === 'current') return simclr.readout;
  const count = Math.min(mostPictures, pictures.whole);
  if (count < fewestPictures) {
    context.note(`No read-out: it takes at least ${fewestPictures} pictures. There are ${count}.`);
    return undefined;
  }
  const bar = progress(count, 'Fitting the read-out', { quiet: context.quiet });
  try {
    simclr.readout = await fitReadout(simclr, pictures.spread(count), {
      onProgress: (done) => bar.update(done),
    });
  } catch (error) {
    if (!isInputError(error)) throw error;
    context.warn(`The model gets no read-out. ${error.message}`);
  } finally {
    bar.stop();
  }
  return simclr.readout;
}
