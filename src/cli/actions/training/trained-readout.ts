import type { History, Readout, SimCLR } from 'simclr-ts';
import { fitReadout } from 'simclr-ts/features';
import { progress } from 'simclr-ts/node';
import { isError } from '../../../errors/is-error.js';
import type { Context } from '../../context.js';
import type { TrainingPictures } from './training-pictures.js';

/** Several times as many pictures as a read-out has dimensions; more do not change it. */
const mostPictures = 4096;

const cannotBeRead = ['InvalidOptionError', 'ShapeError', 'ValueRangeError'] as const;

/**
 * Fits the read-out of a trained model to some of its pictures, unless the run was interrupted: whoever interrupts wants
 * to leave. A model that cannot be read so is told of and keeps none.
 */
export async function fitTrainedReadout(
  simclr: SimCLR,
  { outcome }: History,
  pictures: TrainingPictures,
  context: Context,
): Promise<Readout | undefined> {
  if (outcome === 'aborted' || simclr.readoutStatus === 'current') return simclr.readout;
  const count = Math.min(mostPictures, pictures.whole);
  const bar = progress(count, 'Fitting the read-out', { quiet: context.quiet });
  try {
    simclr.readout = await fitReadout(simclr, pictures.spread(count), {
      onProgress: (done) => bar.update(done),
    });
  } catch (error) {
    if (!cannotBeRead.some((name) => isError(error, name))) throw error;
    context.warn(`The model gets no read-out. ${(error as Error).message}`);
  } finally {
    bar.stop();
  }
  return simclr.readout;
}
