const parity = 0x1bd11bda;

/**
 * Threefry-2x32 with 20 rounds: a block cipher on counters, so that draw number `c` under key `k` is a pure
 * function of both and needs no state. The rounds are written out, because a loop over the rotations takes twice the time,
 * and a network has millions of weights. Numbers beyond 31 bits are kept out of the engine's sight for the same reason: they
 * take eight times as long.
 *
 * Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3" (the generator that JAX uses).
 *
 * @param counter0 - Lower word of the first counter. Those that follow must not exceed it.
 * @param words - Takes two words for each counter, as far as it is long.
 */
export function threefryWords(
  key0: number,
  key1: number,
  counter0: number,
  counter1: number,
  words: Uint32Array,
): void {
  key0 |= 0;
  key1 |= 0;
  const key2 = key0 ^ key1 ^ parity;
  for (let i = 0; i < words.length; i += 2) {
    let x0 = (counter0 + (i >> 1) + key0) | 0;
    let x1 = (counter1 + key1) | 0;

    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0;
    x0 = (x0 + key1) | 0;
    x1 = (x1 + key2 + 1) | 0;

    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 17) | (x1 >>> 15)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 29) | (x1 >>> 3)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 16) | (x1 >>> 16)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 24) | (x1 >>> 8)) ^ x0;
    x0 = (x0 + key2) | 0;
    x1 = (x1 + key0 + 2) | 0;

    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0;
    x0 = (x0 + key0) | 0;
    x1 = (x1 + key1 + 3) | 0;

    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 17) | (x1 >>> 15)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 29) | (x1 >>> 3)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 16) | (x1 >>> 16)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 24) | (x1 >>> 8)) ^ x0;
    x0 = (x0 + key1) | 0;
    x1 = (x1 + key2 + 4) | 0;

    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0;
    x0 = (x0 + key2) | 0;
    x1 = (x1 + key0 + 5) | 0;
    words[i] = x0;
    words[i + 1] = x1;
  }
}

const pair = /* @__PURE__ */ new Uint32Array(2);

/** Two words of a counter, as unsigned 32-bit numbers. */
export function threefry2x32(
  key0: number,
  key1: number,
  counter0: number,
  counter1: number,
): [number, number] {
  threefryWords(key0, key1, counter0, counter1, pair);
  return [pair[0]!, pair[1]!];
}
