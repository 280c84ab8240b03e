import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';

/** Writes the folders that the README's sample reads: JPEG files of two classes, stripes upright and lying, each in colors and a phase of its own. */
export async function writePictures(folder: string): Promise<void> {
  const side = 48;
  for (const [part, count] of [
    ['train', 40],
    ['test', 20],
  ] as const) {
    for (const name of ['upright', 'lying']) {
      const classFolder = join(folder, 'photos', part, name);
      await mkdir(classFolder, { recursive: true });
      for (let i = 0; i < count; i++) {
        const color = [i * 67, i * 131, i * 29].map((value) => 80 + (value % 176));
        const pixels = Uint8Array.from({ length: side * side * 3 }, (_, at) => {
          const pixel = Math.floor(at / 3);
          const place = name === 'upright' ? pixel % side : Math.floor(pixel / side);
          return color[at % 3]! * (0.5 + 0.5 * Math.sin(place + i));
        });
        const picture = sharp(pixels, { raw: { width: side, height: side, channels: 3 } });
        await picture.jpeg().toFile(join(classFolder, `${i}.jpg`));
      }
    }
  }
}
