import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { randomGenerator } from 'simclr-ts';

/** Writes pictures of 12x10, each of other pixels, under these names below a folder. */
export async function writePictures(folder: string, names: readonly string[], seed = 1): Promise<void> {
  const random = randomGenerator(seed);
  for (const name of names) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    const pixels = Uint8Array.from({ length: 12 * 10 * 3 }, () => random.integer(256));
    const png = sharp(pixels, { raw: { width: 12, height: 10, channels: 3 } }).png();
    writeFileSync(path, await png.toBuffer());
  }
}
