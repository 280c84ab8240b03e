import sharp from 'sharp';
import { randomGenerator } from 'simclr-ts';

/** A file for an input of the page. */
export interface PictureFile {
  name: string;
  mimeType: string;
  buffer: Buffer;
}

const size = 64;

/** Red, green and blue of a drawn picture: stripes, a disc or a checkerboard, in random colors. */
export function drawnPixels(kind: number, seed: number): Buffer {
  const random = randomGenerator(seed).fold(kind);
  const colors = [0, 1].map((ground) =>
    [0, 1, 2].map(() => Math.round(random.uniform(ground ? 150 : 0, ground ? 255 : 110))),
  );
  const [x0, y0, step] = [random.uniform(20, 44), random.uniform(20, 44), random.uniform(6, 10)];
  const pixels = Buffer.alloc(size * size * 3);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const inside = [
        Math.floor((x + y) / step) % 2 === 0,
        Math.hypot(x - x0, y - y0) < 2 * step,
        (Math.floor(x / step) + Math.floor(y / step)) % 2 === 0,
      ][kind];
      pixels.set(colors[inside ? 0 : 1]!, (y * size + x) * 3);
    }
  }
  return pixels;
}

/** Drawn pictures of three kinds as PNG files, at the size that the studio keeps. */
export function drawnFiles(count: number): Promise<PictureFile[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const raw = { width: size, height: size, channels: 3 as const };
      const buffer = await sharp(drawnPixels(index % 3, index), { raw })
        .png()
        .toBuffer();
      return { name: `kind${index % 3}-${index}.png`, mimeType: 'image/png', buffer };
    }),
  );
}
