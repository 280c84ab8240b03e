import type { io } from '@tensorflow/tfjs-core';
import { SimCLRError } from '../../src/errors/index.js';
import type { RandomGenerator } from '../../src/random/index.js';
import { parseManifest } from '../../src/training/checkpoint-manifest.js';
import { SimCLR } from '../../src/training/index.js';

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

const pick = <T>(random: RandomGenerator, values: readonly T[]): T =>
  values[Math.min(values.length - 1, Math.floor(random.uniform() * values.length))]!;

/** Changes, removes or moves one value somewhere inside JSON. */
function mutate(json: unknown, random: RandomGenerator): void {
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

/** What a mutated input may do: be read, or be refused by an error of this library. */
function allow(error: unknown, input: unknown): void {
  if (error instanceof SimCLRError) return;
  throw new Error(`an error without a name for ${JSON.stringify(input).slice(0, 2000)}`, { cause: error });
}

/** Reads a mutated manifest; throws when that ends in anything but a result or an error of this library. */
export function fuzzManifest(text: string, random: RandomGenerator): void {
  const mutated = mutateText(text, random);
  try {
    parseManifest(mutated);
  } catch (error) {
    allow(error, mutated);
  }
}

/** Loads a trainer from mutated metadata, topologies or descriptions of weights, as {@link fuzzManifest} does. */
export async function fuzzCheckpoint(artifacts: io.ModelArtifacts, random: RandomGenerator): Promise<void> {
  const { weightData, ...json } = artifacts;
  const mutated = structuredClone(json) as io.ModelArtifacts;
  const part = pick(random, [
    mutated,
    mutated.userDefinedMetadata,
    mutated.modelTopology,
    mutated.weightSpecs,
  ]);
  for (let edits = 1 + Math.floor(random.uniform() * 2); edits > 0; edits--) mutate(part, random);
  if (weightData !== undefined) mutated.weightData = weightData;
  try {
    const simclr = await SimCLR.load({ load: async () => mutated });
    simclr.dispose();
  } catch (error) {
    allow(error, { ...mutated, weightData: undefined });
  }
}
