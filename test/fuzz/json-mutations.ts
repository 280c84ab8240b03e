import type { RandomGenerator } from '../../src/random/index.js';
import { pick } from './mutations.js';

const replacements = [
  null,
  -1,
  0,
  1e9,
  1e308,
  0.5,
  '',
  'x',
  '__proto__',
  true,
  [],
  {},
  [[]],
  '../..',
  2 ** 53,
];

/** Changes, removes or moves one value somewhere inside JSON, in place. */
export function mutateValue(json: unknown, random: RandomGenerator): void {
  const places: [Record<string, unknown>, string][] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
    for (const key of Object.keys(value)) {
      places.push([value as Record<string, unknown>, key]);
      visit((value as Record<string, unknown>)[key]);
    }
  };
  visit(json);
  if (places.length === 0) return;
  const [parent, key] = pick(random, places);
  const kind = random.uniform();
  if (kind < 0.2) delete parent[key];
  else if (kind < 0.4) parent[key] = structuredClone(pick(random, places)[0]);
  else parent[key] = structuredClone(pick(random, replacements));
}

/** Text with some bytes changed, cut out or doubled. */
export function mutateText(text: string, random: RandomGenerator): string {
  let result = text;
  for (let edits = 1 + Math.floor(random.uniform() * 3); edits > 0; edits--) {
    const at = Math.floor(random.uniform() * result.length);
    const length = Math.floor(random.uniform() * 8);
    const kind = random.uniform();
    if (kind < 0.3) result = result.slice(0, at) + result.slice(at + length);
    else if (kind < 0.6) result = result.slice(0, at) + result.slice(at, at + length) + result.slice(at);
    else if (kind < 0.9) {
      result = result.slice(0, at) + String.fromCharCode(32 + random.uniform() * 95) + result.slice(at + 1);
    } else result = result.slice(0, at);
  }
  return result;
}
