import { checkInteger, receivedMessage } from '../../errors/checks.js';
import { DataError, InvalidOptionError } from '../../errors/errors.js';
import { isIterable } from '../image-dataset.js';

/** Where reading a {@link Stream} starts. */
export interface StreamPosition {
  /**
   * The pass over the data, counted from 0.
   *
   * @defaultValue `0`
   */
  epoch?: number;
  /**
   * Elements of that pass that are already done.
   *
   * @defaultValue `0`
   */
  position?: number;
}

/**
 * Elements in an order that is a function of the epoch alone: opened twice at the same place, a stream gives the same
 * elements. `for await (const element of stream)` iterates the first pass.
 */
export interface Stream<T> extends AsyncIterable<T> {
  /** Starts a pass at a position. Leaving the loop early closes what was opened. */
  open(from?: StreamPosition): AsyncGenerator<T, void, undefined>;
  /** Number of elements of a pass, if it is known. */
  readonly size?: number;
  /** Seed of the order, if there is one. */
  readonly seed?: number;
}

/**
 * Input of the functions on streams: a stream, anything iterable, or a function that begins pass number
 * `epoch`. A generator serves one pass only; pass the function that makes it instead.
 */
export type StreamInput<T> =
  | Stream<T>
  | Iterable<T>
  | AsyncIterable<T>
  | ((epoch: number) => Iterable<T> | AsyncIterable<T>);

/** The implementation of a stream: {@link Stream.open} without the checks and the defaults. */
export interface StreamParts<T> {
  open(epoch: number, position: number): AsyncGenerator<T, void, undefined>;
  size?: number | undefined;
  seed?: number | undefined;
}

/** A stream from its parts. */
export function makeStream<T>({ open, size, seed }: StreamParts<T>): Stream<T> {
  const checked = ({ epoch = 0, position = 0 }: StreamPosition = {}) => {
    checkInteger('Stream.open', 'epoch', epoch, 0);
    checkInteger('Stream.open', 'position', position, 0);
    return open(epoch, position);
  };
  return {
    open: checked,
    [Symbol.asyncIterator]: () => checked(),
    ...(size !== undefined && { size }),
    ...(seed !== undefined && { seed }),
  };
}

function isStream<T>(input: StreamInput<T>): input is Stream<T> {
  return typeof input === 'object' && input !== null && 'open' in input && Symbol.asyncIterator in input;
}

/** Whether iterating `input` a second time continues the first pass instead of starting again, as generators do. */
export function isOneShot(input: object): boolean {
  const own = input as { [Symbol.iterator]?(): unknown; [Symbol.asyncIterator]?(): unknown };
  return 'next' in input && (own[Symbol.asyncIterator]?.() ?? own[Symbol.iterator]?.()) === input;
}

/** {@link stream} in the name of another function. */
export function toStream<T>(caller: string, input: StreamInput<T>): Stream<T> {
  if (isStream(input)) return input;
  if (Array.isArray(input)) {
    const elements = input as T[];
    return makeStream({
      size: elements.length,
      async *open(_epoch, position) {
        for (let i = position; i < elements.length; i++) yield elements[i]!;
      },
    });
  }
  const expectation = 'input must be a stream, an iterable or a function that returns one';
  if (typeof input !== 'function' && !isIterable(input)) {
    throw new InvalidOptionError(receivedMessage(caller, expectation, 'input', input));
  }
  let used = false;
  return makeStream({
    async *open(epoch, position) {
      const pass = typeof input === 'function' ? input(epoch) : input;
      if (!isIterable<T>(pass)) {
        throw new InvalidOptionError(receivedMessage(caller, expectation, 'input()', pass));
      }
      if (typeof input !== 'function' && isOneShot(pass)) {
        if (used) {
          throw new DataError(
            `${caller}: a generator can be iterated only once; pass the function that makes it, so that every epoch gets a new one. Received: a generator that was used before.`,
          );
        }
        used = true;
      }
      let done = 0;
      for await (const element of pass) if (done++ >= position) yield element;
    },
  });
}

/**
 * Makes a stream of anything iterable.
 *
 * To reach a position inside a pass, the elements before it are read; an array starts there at once.
 *
 * @param input - Array, iterable, async iterable, or a function of the epoch that returns one.
 * @throws {@link InvalidOptionError} when it is none of these.
 * @throws {@link DataError} while reading, when a generator is iterated a second time.
 * @example
 * const numbers = stream([1, 2, 3]);
 * for await (const number of numbers.open({ position: 1 })) console.log(number); // 2, 3
 */
export function stream<T>(input: StreamInput<T>): Stream<T> {
  return toStream('stream', input);
}
