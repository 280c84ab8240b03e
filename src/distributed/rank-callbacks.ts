import type { Callback, FitContext } from '../training/index.js';
import type { Communicator } from './communicators/communicator.js';
import { gatherTexts } from './communicators/texts.js';

/** Callbacks of one rank among several. */
export interface RankCallbacks {
  /** What `fit` is to call. */
  callbacks: Callback[];
  /** Aborted when all ranks know that one was told to abort. */
  signal: AbortSignal;
}

const wishes = { goOn: 0, stop: 1, abort: 2 } as const;

/**
 * Callbacks that may end training on one rank, for `fit` of all: what a callback or the signal of one wishes ends
 * training on every rank after the same step.
 */
export function rankCallbacks(
  own: readonly Callback[],
  signal: AbortSignal | undefined,
  communicator: Communicator,
): RankCallbacks {
  const all = new AbortController();
  let reason: string | undefined;
  let ended = false;

  const agree = async (context: FitContext) => {
    if (ended) return;
    const wish = signal?.aborted ? wishes.abort : reason !== undefined ? wishes.stop : wishes.goOn;
    const strongest = Int32Array.of(wish);
    await communicator.allReduce(strongest, 'max');
    if (strongest[0] === wishes.goOn) return;
    ended = true;
    if (strongest[0] === wishes.abort) {
      all.abort();
      return;
    }
    const reasons = await gatherTexts(reason ?? '', communicator);
    context.stop(reasons.find((text) => text !== '') ?? 'a callback of another rank');
  };

  const asking = ({ simclr, batch, pictures }: FitContext): FitContext => ({
    simclr,
    batch,
    pictures,
    stop: (wish) => {
      reason ??= wish || 'a callback';
    },
  });
  const { size } = communicator;
  const ofAll: Callback = {
    // Loss and speed are then of the same pictures.
    onStepEnd(step) {
      step.pairs *= size;
    },
    onEpochEnd(epoch) {
      epoch.pairsPerSecond *= size;
    },
  };
  const passedOn = own.map(
    (callback): Callback => ({
      onFitStart: (start, context) =>
        callback.onFitStart?.({ ...start, batchSize: start.batchSize * size }, asking(context)),
      onStepEnd: (step, context) => callback.onStepEnd?.(step, asking(context)),
      onStepSkipped: (skipped, context) => callback.onStepSkipped?.(skipped, asking(context)),
      onEpochEnd: (epoch, context) => callback.onEpochEnd?.(epoch, asking(context)),
      onFitEnd: (outcome, context) => callback.onFitEnd?.(outcome, asking(context)),
    }),
  );
  const agreement: Callback = {
    onFitStart: (_, context) => agree(context),
    onStepEnd: (_, context) => agree(context),
    onEpochEnd: (_, context) => agree(context),
  };
  return { callbacks: [ofAll, ...passedOn, agreement], signal: all.signal };
}
