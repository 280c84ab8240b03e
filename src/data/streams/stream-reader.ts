import { checkInteger, receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import { type Stream, type StreamInput, toStream } from './stream.js';

/** The position of a {@link StreamReader}: plain numbers, to save as JSON. */
export interface StreamState {
  /** The pass over the data, counted from 0. */
  epoch: number;
  /** Elements of that pass that were taken. */
  position: number;
  /** Seed of the order, where the stream has one. */
  seed?: number;
}

/**
 * Iterates a stream epoch by epoch and records its position, for custom training loops.
 *
 * @example
 * const reader = new StreamReader(batches, savedState);
 * for await (const names of reader.epoch()) {
 *   // ... one step; then save reader.state with the weights ...
 * }
 */
export class StreamReader<T> {
  private readonly source: Stream<T>;
  private current: { epoch: number; position: number };

  /**
   * @param input - The stream, made as before.
   * @param state - Where to continue; without it, at the beginning.
   * @throws {@link InvalidOptionError} when `state` does not consist of integers >= 0, or is of another seed than the
   *   stream: its positions mean other elements.
   */
  constructor(input: StreamInput<T>, state: StreamState = { epoch: 0, position: 0 }) {
    this.source = toStream('StreamReader', input);
    checkInteger('StreamReader', 'state.epoch', state.epoch, 0);
    checkInteger('StreamReader', 'state.position', state.position, 0);
    const { seed } = this.source;
    if (state.seed !== undefined && state.seed !== seed) {
      const expectation = `state.seed must be the seed of the stream, ${seed}`;
      throw new InvalidOptionError(receivedMessage('StreamReader', expectation, 'state.seed', state.seed));
    }
    this.current = { epoch: state.epoch, position: state.position };
  }

  /** The position after the last element that was given, or at the beginning of the next epoch. */
  get state(): StreamState {
    const { seed } = this.source;
    return { ...this.current, ...(seed !== undefined && { seed }) };
  }

  /** The rest of the current epoch; after its end, the next call gives the next epoch. */
  async *epoch(): AsyncGenerator<T, void, undefined> {
    const { epoch } = this.current;
    for await (const element of this.source.open(this.current)) {
      this.current = { epoch, position: this.current.position + 1 };
      yield element;
    }
    this.current = { epoch: epoch + 1, position: 0 };
  }
}
