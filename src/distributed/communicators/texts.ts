import type { Communicator } from './communicator.js';

/** Gathers the texts of all ranks, in the order of ranks. */
export async function gatherTexts(text: string, communicator: Communicator): Promise<string[]> {
  const bytes = new TextEncoder().encode(text);
  const lengths = await communicator.allGather(Int32Array.of(bytes.length));
  const longest = Math.max(1, ...lengths);
  const padded = new Uint8Array(longest);
  padded.set(bytes);
  const all = await communicator.allGather(padded);
  return Array.from(lengths, (length, rank) => {
    return new TextDecoder().decode(all.slice(rank * longest, rank * longest + length));
  });
}
