import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import type { LabeledImages } from 'simclr-ts';
import { randomGenerator } from '../src/random/index.js';

const source = 'emoji-datasource-google@16.0.0';
const cache = fileURLToPath(new URL('.cache/emoji', import.meta.url));
const folder = join(cache, 'node_modules/emoji-datasource-google');

interface Entry {
  image: string;
  category: string;
  has_img_google: boolean;
}

/**
 * Emoji in a drawn order, on white, with their categories: pictures unlike photographs, of which many differ by a hair. npm
 * downloads them once; they are not part of this repository.
 */
export async function loadEmoji(side: number): Promise<LabeledImages & { classNames: string[] }> {
  if (!existsSync(join(folder, 'emoji.json'))) {
    mkdirSync(cache, { recursive: true });
    const flags = ['--no-save', '--ignore-scripts', '--silent', '--no-audit', '--no-fund'];
    const { status } = spawnSync('npm', ['install', '--prefix', cache, ...flags, source], {
      stdio: 'inherit',
    });
    if (status !== 0) throw new Error(`bench: npm could not install ${source}.`);
  }
  const entries = JSON.parse(readFileSync(join(folder, 'emoji.json'), 'utf8')) as Entry[];
  const drawn = entries.filter((each) => each.has_img_google && each.category !== 'Component');
  const classNames = [...new Set(drawn.map(({ category }) => category))].sort();
  const order = randomGenerator(1).permutation(drawn.length);
  const bytes = side * side * 3;
  const data = new Uint8Array(drawn.length * bytes);
  const labels = new Int32Array(drawn.length);
  for (const [row, index] of order.entries()) {
    const { image, category } = drawn[index]!;
    const picture = sharp(join(folder, 'img/google/64', image)).flatten({ background: 'white' });
    data.set(await picture.resize(side, side).removeAlpha().raw().toBuffer(), row * bytes);
    labels[row] = classNames.indexOf(category);
  }
  return { images: { data, shape: [drawn.length, side, side, 3] }, labels, classNames };
}
