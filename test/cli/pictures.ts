import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';

/** A picture of 40x36 pixels: stripes along one axis, whose width and color depend on `number`. */
export async function stripes(axis: 'rows' | 'columns', number: number): Promise<Buffer> {
  const [width, height] = [40, 36];
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const band = Math.floor((axis === 'rows' ? y : x) / (3 + (number % 3))) % 2;
      data.set([band * 200, (number * 37) % 200, 255 - band * 150], 3 * (y * width + x));
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

/** Writes `count` pictures of each of two classes: `dir/rows/00.png`, `dir/columns/00.png`, ... */
export async function writeClasses(dir: string, count: number): Promise<string> {
  for (const axis of ['columns', 'rows'] as const) {
    mkdirSync(join(dir, axis), { recursive: true });
    for (let i = 0; i < count; i++) {
      writeFileSync(join(dir, axis, `${String(i).padStart(2, '0')}.png`), await stripes(axis, i));
    }
  }
  return dir;
}

/** Flags of a run that takes seconds. */
export const tiny = ['--width', '4', '--size', '32', '--epochs', '1', '--batch-size', '8'];
