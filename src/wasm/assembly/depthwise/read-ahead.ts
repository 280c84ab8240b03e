/** With fewer bytes of channels, taps read memory nearly in order. */
export const minTouchedBytes: usize = 256;

/**
 * Reads a value of every cache line. The processor then fetches the lines in their order, ahead of their use: it does not
 * foresee the order in which the taps need them.
 */
export function touch(from: usize, bytes: usize, scratch: usize): void {
  let bits: i32 = 0;
  const end = from + bytes;
  for (; from < end; from += 64) bits |= load<i32>(from);
  store<i32>(scratch, bits);
}
