import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { randomGenerator } from '../src/random/index.js';

/** Writes JPEG files between a photograph and noise, so that they are as large as photographs'. Returns their paths. */
export async function writePhotographs(
  folder: string,
  count: number,
  width: number,
  height: number,
): Promise<string[]> {
  const paths: string[] = [];
  for (let i = 0; i < count; i++) {
    const random = randomGenerator(i);
    const [columns, rows] = [Math.ceil(width / 4), Math.ceil(height / 4)];
    const data = Uint8Array.from({ length: columns * rows * 3 }, () => random.integer(256));
    const picture = sharp(data, { raw: { width: columns, height: rows, channels: 3 } });
    const path = join(folder, `${String(i).padStart(4, '0')}.jpg`);
    writeFileSync(path, await picture.resize(width, height).jpeg({ quality: 90 }).toBuffer());
    paths.push(path);
  }
  return paths;
}
