import type { Callback, FitContext } from '../training/index.js';
import type { Communicator } from './communicators/communicator.js';
import { gatherTexts } from './communicators/texts.js';

/** Callbacks of one rank among several. */
export interface RankCallbacks {
  /** Callbacks for `fit`. */
  callbacks: Callback[];
  /** Aborted once all ranks know that a signal of one of them was. */
  signal: AbortSignal;
}

/** The request of a rank. The strongest one wins. */
const requests = { none: 0, stop: 1, abort: 2 } as const;

/**
 * Wraps the callbacks and the signal of one rank so that, if one of them ends training, it ends on every rank after the
 * same step.
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
    const request = signal?.aborted ? requests.abort : reason !== undefined ? requests.stop : requests.none;
    const strongest = Int32Array.of(request);
    await communicator.allReduce(strongest, 'max');
    if (strongest[0] === requests.none) return;
    ended = true;
    if (strongest[0] === requests.abort) {
      all.abort();
      return;
    }
    const reasons = await gatherTexts(reason ?? '', communicator);
    context.stop(reasons.find((text) => text !== '') ?? 'a callback of another rank');
  };

  const asking = ({ simclr, batch, pictures, offTheClock }: FitContext): FitContext => ({
    simclr,
    batch,
    pictures,
    offTheClock,
    stop: (given) => {
      reason ??= given || 'a callback';
    },
  });
  const { size } = communicator;
  const ofAll: Callback = {
    // Report the pictures of all ranks, which the loss covers.
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
