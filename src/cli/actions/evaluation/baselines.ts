import type { ImageArray, SimCLR } from 'simclr-ts';
import { fitReadout } from 'simclr-ts/features';
import { startFrom } from 'simclr-ts/interop';
import { readWeights } from 'simclr-ts/node';
import { toHost } from '../../../evaluation/embed-on-host.js';
import { pixelReadout } from '../../../report/evaluation/run-representations.js';
import type { Context } from '../../context.js';
import { exitCodeOf, exitCodes } from '../../exit-codes.js';
import { fitChannels } from '../fit-channels.js';
import { newTrainer } from '../training/early-stages.js';
import { initialize } from '../training/initialize.js';
import { readSettings, type TrainingSettings } from '../training/saved-settings.js';
import { type ModelVectors, type VectorPlace, vectorsAt } from '../vectors/model-vectors.js';

/** What a model has to beat, on the same pictures. */
export interface Baselines {
  /** Pixels, averaged to about 16x16 and whitened on the references. */
  whitenedPixels: ModelVectors | undefined;
  /** The network as it was before training; with a read-out if the model has one. */
  untrained: { h: ModelVectors; readout?: ModelVectors } | undefined;
  dispose(): void;
}

/** References that baselines are fitted to: several times as many as a read-out has dimensions. */
export const mostFitted = 2048;

/** The network of a run before its first step: its weights come from the seed, and from the pictures where the recipe says so. */
async function untrained(
  settings: TrainingSettings,
  references: ImageArray,
  context: Context,
): Promise<SimCLR> {
  const [simclr] = newTrainer(settings, context);
  try {
    const { from } = settings;
    if (from === undefined) await initialize(simclr, settings, { dataset: references }, context);
    else startFrom(simclr, await readWeights(from));
    return simclr;
  } catch (error) {
    simclr.dispose();
    throw error;
  }
}

/** What `make` makes; `undefined`, with a note, where the pictures or the run do not allow it. */
async function ifPossible<T>(what: string, make: () => Promise<T>, context: Context): Promise<T | undefined> {
  try {
    return await make();
  } catch (error) {
    if (exitCodeOf(error) === exitCodes.unexpected) throw error;
    context.note(`${what} not compared. ${(error as Error).message}`);
    return undefined;
  }
}

/**
 * Makes what a model is compared with.
 *
 * @param simclr - The model.
 * @param run - Its folder, with the settings of its run, and where it is read.
 * @param references - Pictures to fit the baselines to, without their labels, at the size of the encoder.
 */
export async function openBaselines(
  simclr: SimCLR,
  { model, place }: { model: string; place: VectorPlace },
  references: ImageArray,
  context: Context,
): Promise<Baselines> {
  const pictures = fitChannels(simclr, references);
  const pixels = await ifPossible('Whitened pixels are', () => pixelReadout(pictures), context);
  const twin = await ifPossible(
    'The untrained network is',
    async () => untrained(await readSettings(model), pictures, context),
    context,
  );
  const { readout } = simclr;
  if (twin && readout && place === 'readout') {
    const stages = readout.stages.map(({ layer, grid, weight }) => ({ layer, grid, weight }));
    const fit = () => fitReadout(twin, pictures, { stages, dim: readout.dim });
    twin.readout = await ifPossible('The read-out of the untrained network is', fit, context);
  }
  return {
    whitenedPixels: pixels && {
      at: 'readout',
      dim: pixels.dim,
      inputSize: simclr.inputSize,
      embed: async (images, batchSize) =>
        toHost(await pixels.embed(fitChannels(simclr, images), { batchSize })),
    },
    untrained: twin && {
      h: vectorsAt(twin, 'h'),
      ...(twin.readout && { readout: vectorsAt(twin, 'readout') }),
    },
    dispose() {
      pixels?.dispose();
      twin?.dispose({ includeGiven: true });
    },
  };
}
