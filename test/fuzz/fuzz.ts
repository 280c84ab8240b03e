import { type RandomGenerator, randomGenerator } from '../../src/random/index.js';

/** A parser under fuzzing. */
export interface FuzzedParser {
  /** Its share of the inputs. */
  weight: number;
  /** Parses a mutated input; whatever it throws is looked at. */
  run(random: RandomGenerator): unknown;
}

/** Counts of what came of the inputs of one parser. */
export interface FuzzCounts {
  inputs: number;
  /** Inputs that were parsed after all. */
  accepted: number;
  /** Inputs that were refused by an error of ours. */
  refused: number;
  /** The same by the errors' names. */
  names: Record<string, number>;
}

/** An input that made a parser do what it must not. */
export class FuzzFailure extends Error {
  constructor(parser: string, input: number, seed: number, cause: unknown) {
    const what = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    super(`${parser}, seed ${seed}, input ${input}: ${what}`, { cause });
  }
}

const named = new Set([
  'CheckpointError',
  'CommandError',
  'DataError',
  'InvalidOptionError',
  'ShapeError',
  'ValueRangeError',
]);

/** No parser may take this long over a few kilobytes, nor grow by more than this, nor say more than this. */
const patienceMilliseconds = 10_000;
const patienceBytes = 2 ** 29;
const patienceCharacters = 1000;

/**
 * Gives a parser `inputs` mutated inputs, each a function of seed and number.
 *
 * @throws FuzzFailure on the first that hangs, fills the memory, or ends in an error that is none of ours.
 */
export async function fuzz(
  name: string,
  parser: FuzzedParser,
  inputs: number,
  seed: number,
): Promise<FuzzCounts> {
  const random = randomGenerator(seed);
  const counts: FuzzCounts = { inputs, accepted: 0, refused: 0, names: {} };
  const before = process.memoryUsage().rss;
  for (let input = 0; input < inputs; input++) {
    let timer: NodeJS.Timeout | undefined;
    try {
      const result = parser.run(random.fold(input));
      if (result instanceof Promise) {
        const hang = new Promise((_, reject) => {
          timer = setTimeout(() => reject(new Error('it hangs')), patienceMilliseconds);
        });
        await Promise.race([result, hang]);
      }
      counts.accepted++;
    } catch (error) {
      if (!(error instanceof Error && named.has(error.name))) throw new FuzzFailure(name, input, seed, error);
      if (error.message.length > patienceCharacters) {
        throw new FuzzFailure(
          name,
          input,
          seed,
          new Error(`a message without end: ${error.message.slice(0, 300)} ...`),
        );
      }
      counts.refused++;
      counts.names[error.name] = (counts.names[error.name] ?? 0) + 1;
    } finally {
      clearTimeout(timer);
    }
    if (input % 1000 === 999 && process.memoryUsage().rss - before > patienceBytes) {
      throw new FuzzFailure(name, input, seed, new Error('it fills the memory'));
    }
  }
  return counts;
}
