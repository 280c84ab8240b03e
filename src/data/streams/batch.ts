import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger } from '../../errors/checks.js';
import { DataError } from '../../errors/errors.js';
import { makeStream, type Stream, type StreamInput, toStream } from './stream.js';

/** Options of {@link batch}. */
export interface BatchOptions {
  /** Elements per batch. Integer >= 1. */
  batchSize: number;
  /**
   * Whether to drop a last batch smaller than `batchSize`.
   *
   * @defaultValue `true`
   */
  dropRemainder?: boolean;
}

/** Options of {@link repeat}. */
export interface RepeatOptions {
  /**
   * Passes over the data. Integer >= 1, or infinity.
   *
   * @defaultValue `Infinity`
   */
  epochs?: number;
}

/**
 * Cuts a stream into arrays of `batchSize` elements. Positions in the result count batches.
 *
 * @throws {@link InvalidOptionError} when an option is outside its domain or `input` cannot be iterated.
 * @example
 * const batches = batch(names, { batchSize: 64 });
 */
export function batch<T>(input: StreamInput<T>, options: BatchOptions): Stream<T[]> {
  checkKeys('batch', options, { batchSize: 1, dropRemainder: 1 });
  const { batchSize, dropRemainder = true } = options;
  checkInteger('batch', 'batchSize', batchSize);
  const source = toStream('batch', input);
  const round = dropRemainder ? Math.floor : Math.ceil;
  return makeStream({
    size: source.size === undefined ? undefined : round(source.size / batchSize),
    seed: source.seed,
    async *open(epoch, position) {
      let elements: T[] = [];
      for await (const element of source.open({ epoch, position: position * batchSize })) {
        elements.push(element);
        if (elements.length < batchSize) continue;
        yield elements;
        elements = [];
      }
      if (!dropRemainder && elements.length > 0) yield elements;
    },
  });
}

/**
 * Repeats a stream pass after pass as a single pass, for loops that count steps instead of epochs.
 *
 * Pass e of the result holds the passes `e * epochs` and following of `input`. Where the size of a pass is known, a
 * position in a later one is reached without reading those before.
 *
 * @throws {@link InvalidOptionError} when `epochs` is not an integer >= 1 and not infinite, or `input` cannot be gone
 *   over.
 * @throws {@link DataError} while reading, when a pass is empty, because the stream would then never give an element.
 * @example
 * const steps = repeat(batches); // never ends
 */
export function repeat<T>(input: StreamInput<T>, options: RepeatOptions = {}): Stream<T> {
  checkKeys('repeat', options, { epochs: 1 });
  const { epochs = Number.POSITIVE_INFINITY } = options;
  if (epochs !== Number.POSITIVE_INFINITY) checkInteger('repeat', 'epochs', epochs);
  const source = toStream('repeat', input);
  return makeStream({
    size: source.size === undefined || !Number.isFinite(epochs) ? undefined : source.size * epochs,
    seed: source.seed,
    async *open(epoch, position) {
      const first = Number.isFinite(epochs) ? epoch * epochs : epoch;
      const whole = source.size ? Math.floor(position / source.size) : 0;
      let left = position - whole * (source.size ?? 0);
      for (let pass = whole; pass < epochs; pass++) {
        let given = 0;
        // Unknown sizes: a position beyond this pass shortens what is left for the next one.
        const from = source.size === undefined ? 0 : left;
        for await (const element of source.open({ epoch: first + pass, position: from })) {
          given++;
          if (source.size === undefined && left > 0) left--;
          else yield element;
        }
        if (source.size !== undefined) left = 0;
        if (given === 0) {
          throw new DataError(`repeat: every pass must give at least one element. Received: an empty pass.`);
        }
      }
    },
  });
}
