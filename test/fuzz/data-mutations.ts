import type { RandomGenerator } from '../../src/random/index.js';

/** Values that readers of sizes and counts trip over. */
const interesting = [0, 1, 0x7f, 0x80, 0xff, 0x20, 0x30, 0x37, 0x2e, 0x2f];

type Mutation = (bytes: Uint8Array, random: RandomGenerator) => Uint8Array;

/** A place in the file; every second time near its beginning, where headers are. */
function place(bytes: Uint8Array, random: RandomGenerator): number {
  const length = random.bernoulli(0.5) ? Math.min(bytes.length, 600) : bytes.length;
  return length === 0 ? 0 : random.integer(length);
}

const mutations: Mutation[] = [
  (bytes, random) => {
    if (bytes.length > 0) bytes[place(bytes, random)]! ^= 1 << random.integer(8);
    return bytes;
  },
  (bytes, random) => {
    if (bytes.length > 0) bytes[place(bytes, random)] = interesting[random.integer(interesting.length)]!;
    return bytes;
  },
  (bytes, random) => {
    const start = place(bytes, random);
    const value = random.integer(256);
    return bytes.fill(value, start, start + 1 + random.integer(12));
  },
  // Cut off.
  (bytes, random) => bytes.subarray(0, random.integer(bytes.length + 1)),
  // Too long.
  (bytes, random) => {
    const longer = new Uint8Array(bytes.length + 1 + random.integer(40));
    longer.set(bytes);
    return longer;
  },
  // A piece is missing.
  (bytes, random) => {
    const start = place(bytes, random);
    const end = Math.min(bytes.length, start + 1 + random.integer(600));
    const shorter = new Uint8Array(bytes.length - Math.max(0, end - start));
    shorter.set(bytes.subarray(0, start));
    shorter.set(bytes.subarray(end), start);
    return shorter;
  },
  // A piece is moved over another.
  (bytes, random) => {
    const length = 1 + random.integer(512);
    return bytes.copyWithin(place(bytes, random), place(bytes, random), place(bytes, random) + length);
  },
  // Nothing of it is left.
  (_, random) => {
    const noise = new Uint8Array(random.integer(64));
    for (let i = 0; i < noise.length; i++) noise[i] = random.integer(256);
    return noise;
  },
];

/** A copy of `seed` with one to four changes, a function of the generator alone. */
export function mutate(seed: Uint8Array, random: RandomGenerator): Uint8Array {
  let bytes: Uint8Array = new Uint8Array(seed);
  const changes = 1 + random.integer(4);
  for (let i = 0; i < changes; i++) bytes = mutations[random.integer(mutations.length)]!(bytes, random);
  return bytes;
}

/** Writes the checksum of a tar header again, so that what was changed gets past it. */
export function repairTarChecksum(bytes: Uint8Array): void {
  for (let header = 0; header + 512 <= bytes.length; header += 512) {
    if (String.fromCharCode(...bytes.subarray(header + 257, header + 262)) !== 'ustar') continue;
    bytes.fill(0x20, header + 148, header + 156);
    let sum = 0;
    for (let i = 0; i < 512; i++) sum += bytes[header + i]!;
    const digits = sum.toString(8).padStart(6, '0');
    for (let i = 0; i < 6; i++) bytes[header + 148 + i] = digits.charCodeAt(i);
    bytes[header + 154] = 0;
  }
}
