import { DistributedError } from '../errors/errors.js';
import type { Communicator } from './communicators/communicator.js';
import { gatherTexts } from './communicators/texts.js';

/** Longer values are cut in messages. */
const maxShownLength = 100;

/**
 * Compares facts, such as seeds, options and versions, with those of the other ranks.
 *
 * @param caller - Named by the error.
 * @param facts - Names and values that JSON can hold.
 * @throws `DistributedError` on every rank if facts differ; it names them and says which rank has which value.
 * @example
 * await checkRanksAgree('my program', { seed: 0, pictures: 50000 }, singleProcess());
 */
export async function checkRanksAgree(
  caller: string,
  facts: Record<string, unknown>,
  communicator: Communicator,
): Promise<void> {
  const own = Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, JSON.stringify(value) ?? 'none']),
  );
  const texts = await gatherTexts(JSON.stringify(own), communicator);
  const all = texts.map((text) => JSON.parse(text) as Record<string, string>);
  const names = [...new Set(all.flatMap((rankFacts) => Object.keys(rankFacts)))];
  const problems = names.flatMap((name) => {
    const ranks = new Map<string, number[]>();
    for (const [rank, rankFacts] of all.entries()) {
      const value = rankFacts[name] ?? 'none';
      ranks.set(value, [...(ranks.get(value) ?? []), rank]);
    }
    if (ranks.size === 1) return [];
    const start = firstShown([...ranks.keys()]);
    const received = [...ranks].map(
      ([value, numbers]) => `${name}=${shorten(value, start)} on ${listRanks(numbers)}`,
    );
    return [{ name, received: received.join(', ') }];
  });
  if (problems.length === 0) return;
  throw new DistributedError(
    `${caller}: every rank must have the same ${problems.map(({ name }) => name).join(', ')}. Received: ${problems.map(({ received }) => received).join('; ')}.`,
  );
}

/** The position from which to show long values, so that their difference is visible. */
function firstShown([first = '', ...others]: string[]): number {
  let same = 0;
  while (same < first.length && others.every((other) => other[same] === first[same])) same++;
  return same < maxShownLength / 2 ? 0 : same - 20;
}

function shorten(value: string, start: number): string {
  const shown = value.slice(start, start + maxShownLength);
  return `${start > 0 ? '...' : ''}${shown}${start + maxShownLength < value.length ? '...' : ''}`;
}

function listRanks(ranks: number[]): string {
  const shown = ranks.slice(0, 8).join(', ');
  return `rank${ranks.length === 1 ? '' : 's'} ${shown}${ranks.length > 8 ? ', ...' : ''}`;
}
