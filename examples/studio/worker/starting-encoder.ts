import url from 'virtual:starting-encoder';
import { readSafetensors } from 'simclr-ts/interop';
import type { StartingEncoder } from '../shared/trainer-protocol.js';

/**
 * The encoder that came with the page, if one did. It is fetched when the page loads, because nothing is fetched later.
 */
export async function loadStartingEncoder(): Promise<
  { description: StartingEncoder; bytes: Uint8Array } | undefined
> {
  if (!url) return undefined;
  const response = await fetch(url).catch(() => undefined);
  if (!response?.ok)
    throw new Error('The encoder to start from could not be loaded. You can train from scratch.');
  const bytes = new Uint8Array(await response.arrayBuffer());
  const { metadata } = readSafetensors(bytes);
  return { description: { width: Number(metadata.width), training: metadata.training ?? '' }, bytes };
}
