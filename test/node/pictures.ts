import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';

/** A picture of one color. */
export function plain(red: number, width = 8, height = 8) {
  return sharp({ create: { width, height, channels: 3, background: { r: red, g: 10, b: 20 } } });
}

/** Writes one-color pictures whose red channel is their number, and gives their paths. */
export async function writeNumbered(folder: string, names: readonly string[]): Promise<string[]> {
  const paths = names.map((name) => join(folder, name));
  for (const [i, path] of paths.entries()) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(
      path,
      await plain(i % 256)
        .png()
        .toBuffer(),
    );
  }
  return paths;
}

/** Files of every kind that sharp reads and we promise, by name. */
export async function everyKind(): Promise<Record<string, Uint8Array>> {
  const noise = Uint8Array.from({ length: 40 * 30 * 3 }, (_, i) => Math.imul(i, 2654435761) >>> 24);
  const picture = () => sharp(noise, { raw: { width: 40, height: 30, channels: 3 } });
  const frames = await Promise.all([1, 200].map((red) => plain(red).png().toBuffer()));
  return {
    'plain.png': await picture().png().toBuffer(),
    'plain.jpg': await picture().jpeg().toBuffer(),
    'plain.webp': await picture().webp().toBuffer(),
    'plain.tif': await picture().tiff().toBuffer(),
    'gray.png': await picture().greyscale().toColourspace('b-w').png().toBuffer(),
    'deep.png': await picture().toColourspace('rgb16').png().toBuffer(),
    'cmyk.jpg': await picture().toColourspace('cmyk').jpeg().toBuffer(),
    'rotated.jpg': await picture().withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    'clear.png': await picture().ensureAlpha(0.3).png().toBuffer(),
    'moving.gif': await sharp(frames, { join: { animated: true } })
      .gif()
      .toBuffer(),
    'moving.webp': await sharp(frames, { join: { animated: true } })
      .webp({ lossless: true })
      .toBuffer(),
  };
}

/** Files that are no whole picture, by name. */
export async function everyDamage(): Promise<Record<string, Uint8Array>> {
  const jpeg = await plain(3, 200, 200).jpeg().toBuffer();
  const png = await plain(3, 200, 200).png().toBuffer();
  return {
    'empty.jpg': new Uint8Array(0),
    'text.jpg': Buffer.from('this is no picture'),
    'cut.jpg': jpeg.subarray(0, jpeg.length >> 1),
    'cut.png': png.subarray(0, png.length >> 1),
    'header.png': png.subarray(0, 8),
    'zeros.webp': new Uint8Array(100),
  };
}
