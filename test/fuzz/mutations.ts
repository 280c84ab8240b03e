import type { RandomGenerator } from '../../src/random/index.js';

/** Changes a file a little, as a broken disk or an attacker would; the input stays as it is. */
export type Mutation = (random: RandomGenerator, bytes: Uint8Array) => Uint8Array;

/** Integers around which parsers go wrong. */
const extremes = [0, 1, 2, 7, 8, 127, 128, 255, 256, 65535, 65536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];

/** One of the items. */
export function pick<T>(random: RandomGenerator, items: readonly T[]): T {
  return items[random.integer(items.length)]!;
}

function changed(bytes: Uint8Array, change: (copy: Uint8Array) => void): Uint8Array {
  const copy = bytes.slice();
  if (copy.length > 0) change(copy);
  return copy;
}

function joined(...parts: Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}

function range(random: RandomGenerator, bytes: Uint8Array): [number, number] {
  const begin = random.integer(bytes.length + 1);
  return [begin, begin + random.integer(Math.min(64, bytes.length - begin) + 1)];
}

/** Mutations that suit any format. */
export const byteMutations: readonly Mutation[] = [
  // A bit turns over.
  (random, bytes) =>
    changed(bytes, (copy) => {
      copy[random.integer(copy.length)]! ^= 1 << random.integer(8);
    }),
  // A bit near the beginning, where headers are.
  (random, bytes) =>
    changed(bytes, (copy) => {
      copy[random.integer(Math.min(16, copy.length))]! ^= 1 << random.integer(8);
    }),
  // Some bytes become noise.
  (random, bytes) =>
    changed(bytes, (copy) => {
      const [begin, end] = range(random, copy);
      for (let i = begin; i < end; i++) copy[i] = random.integer(256);
    }),
  // The file is cut off.
  (random, bytes) => bytes.slice(0, random.integer(bytes.length + 1)),
  // Something follows.
  (random, bytes) =>
    joined(
      bytes,
      Uint8Array.from({ length: 1 + random.integer(32) }, () => random.integer(256)),
    ),
  // A part is missing.
  (random, bytes) => {
    const [begin, end] = range(random, bytes);
    return joined(bytes.subarray(0, begin), bytes.subarray(end));
  },
  // A part comes twice.
  (random, bytes) => {
    const [begin, end] = range(random, bytes);
    return joined(bytes.subarray(0, end), bytes.subarray(begin));
  },
  // A part goes elsewhere.
  (random, bytes) => {
    const [begin, end] = range(random, bytes);
    const target = random.integer(bytes.length + 1);
    return joined(bytes.subarray(0, target), bytes.subarray(begin, end), bytes.subarray(target));
  },
  // A number becomes an extreme one, in either order of bytes.
  (random, bytes) =>
    changed(bytes, (copy) => {
      if (copy.length < 4) return;
      const view = new DataView(copy.buffer);
      view.setUint32(random.integer(copy.length - 3), pick(random, extremes), random.uniform() < 0.5);
    }),
];

/** What to put into JSON where something else is expected. */
const jsonValues: readonly string[] = [
  ...[
    'null',
    'true',
    '""',
    '"F32"',
    '"F16"',
    '"BOOL"',
    '"constructor"',
    '"__proto__"',
    '[]',
    '{}',
    '[[[[[]]]]]',
  ],
  ...[
    '0',
    '-0',
    '-1',
    '1.5',
    '1e9',
    '1e400',
    '-1e400',
    '9007199254740991',
    '9007199254740993',
    'NaN',
    'Infinity',
  ],
  ...[
    '4294967296',
    '[1e300,1e300]',
    '[0,9007199254740991]',
    '[-1,-4]',
    '"\\ud800"',
    '"\\u0000"',
    '01',
    "'x'",
  ],
];

const jsonKeys: readonly string[] = [
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    '__metadata__',
    'dtype',
    'shape',
    'data_offsets',
    '',
  ],
  ...['0', 'a', 'length'],
];

/** Changes JSON: a value or a key is replaced, removed, doubled or nested. The result need not be JSON. */
export function mutateJson(random: RandomGenerator, json: string): string {
  // Tokens: texts, numbers and words, signs.
  const tokens = json.match(/"(?:[^"\\]|\\.)*"|[^\s"{}[\]:,]+|[{}[\]:,]/g) ?? [];
  if (tokens.length === 0) return pick(random, jsonValues);
  const at = random.integer(tokens.length);
  const token = tokens[at]!;
  const replaceBy = (text: string) => [...tokens.slice(0, at), text, ...tokens.slice(at + 1)].join('');
  const choice = random.integer(8);
  if (choice === 0) return replaceBy('');
  if (choice === 1) return replaceBy(token + token);
  if (choice === 2) return replaceBy(pick(random, [...'{}[]:,"']));
  if (choice === 3) return replaceBy(JSON.stringify(pick(random, jsonKeys)));
  if (choice === 4) return replaceBy(pick(random, tokens));
  if (choice === 5) return replaceBy(`${'['.repeat(random.integer(300))}${token}`);
  if (choice === 6 && /^\d+$/.test(token)) {
    return replaceBy(String(Number(token) + pick(random, [-8, -4, -1, 1, 4, 8, 2 ** 32])));
  }
  return replaceBy(pick(random, jsonValues));
}

/** Changes the JSON header of a safetensors file, and sets the length in front of it rightly or not. */
const mutateHeader: Mutation = (random, bytes) => {
  if (bytes.length < 8) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = Math.min(view.getUint32(0, true), bytes.length - 8);
  let json = new TextDecoder().decode(bytes.subarray(8, 8 + length));
  for (let times = 1 + random.integer(3); times > 0; times--) json = mutateJson(random, json);
  const header = new TextEncoder().encode(json);
  const front = new Uint8Array(8);
  const claimed = random.uniform() < 0.9 ? header.length : pick(random, extremes);
  new DataView(front.buffer).setUint32(0, claimed, true);
  return joined(front, header, bytes.subarray(8 + length));
};

/** Mutations for safetensors files. */
export const safetensorsMutations: readonly Mutation[] = [...byteMutations, mutateHeader, mutateHeader];

/** Applies one to four of the mutations. */
export function mutate(
  random: RandomGenerator,
  bytes: Uint8Array,
  mutations: readonly Mutation[],
): Uint8Array {
  let result = bytes;
  for (let times = 1 + random.integer(4); times > 0; times--)
    result = pick(random, mutations)(random, result);
  return result;
}
