/**
 * `length` numbers in [-1, 1), a function of `name` alone: the same that test/fixtures/hashed_values.py makes, so
 * that both sides of a comparison fill large weights without a committed file.
 */
export function hashedValues(name: string, length: number): Float32Array {
  let hash = 0x811c9dc5; // FNV-1a, 32 bits
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  const values = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    let x = (hash + Math.imul(i, 0x9e3779b9)) >>> 0; // then the finaliser of MurmurHash3
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    x = (x ^ (x >>> 16)) >>> 0;
    values[i] = x / 2 ** 31 - 1;
  }
  return values;
}
