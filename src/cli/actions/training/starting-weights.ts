import type { SimCLR } from 'simclr-ts';
import { describeWeights, type StartingWeights, startFrom } from 'simclr-ts/interop';
import { readWeights } from 'simclr-ts/node';
import type { Context } from '../../context.js';
import { type StartedBackend, startBackend } from '../open-model.js';
import type { TrainingOptions } from './training-settings.js';

/** Weights that a run starts from, and the options that they imply. */
export interface Start<Options> {
  weights?: StartingWeights;
  /** The backend, if reading the weights started one. */
  backend?: StartedBackend;
  /** The given options. Those about the network and its pictures that were left out are the weights' own. */
  options: Options;
}

/** Reads the weights of `--from`, if it was given. A recipe keeps its own network. */
export async function readStart<Options extends TrainingOptions & { backend?: string }>(
  options: Options,
  context: Context,
): Promise<Start<Options>> {
  const { from, recipe } = options;
  if (from === undefined) return { options };
  const backend = await startBackend(options.backend, context);
  const weights = await readWeights(from);
  const { inputSize, normalization, ...network } = describeWeights(weights);
  const { architecture = network.architecture } = options;
  const takesNetwork = recipe === undefined && architecture === network.architecture;
  const isSquare = inputSize !== undefined && inputSize[0] === inputSize[1];
  const own: TrainingOptions = {
    blur: options.blur,
    flip: options.flip,
    ...(takesNetwork && { ...network, ...(isSquare && { size: inputSize[0] }) }),
    ...(normalization !== undefined && { normalization }),
  };
  if (normalization === undefined) {
    context.warn(`${from} does not say how its pictures were normalized. The recipe decides.`);
  }
  return { weights, backend, options: { ...own, ...options } };
}

/** Gives a new trainer the weights. */
export function applyStart(
  simclr: SimCLR,
  { weights, options }: Start<TrainingOptions>,
  context: Context,
): void {
  if (weights === undefined) return;
  const { projectionHead, reason } = startFrom(simclr, weights);
  const head = projectionHead ? 'encoder and projection head' : 'the encoder; the projection head is new';
  context.note(`Starting from ${options.from}: ${head}.`);
  if (reason !== undefined) context.warn(`The projection head of ${options.from} is not used: ${reason}`);
}
