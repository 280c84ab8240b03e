import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { imageFolder, readImageFolder } from 'simclr-ts/node';
import { expect, it } from 'vitest';
import { decodeAtOnce, decodeInChunks } from '../../src/cli/actions/pictures.js';
import { temporaryFolder } from '../node/temporary.js';
import { stripes } from './pictures.js';

const size = [16, 16] as const;
const plainReason = (reason: string) => reason.replace(/^\w+: /, '');

it('gives every damaged file its own reason, as the library does', async () => {
  const dir = temporaryFolder();
  const png = await stripes('rows', 1);
  const jpeg = await sharp(png).jpeg().toBuffer();
  for (let i = 0; i < 24; i++) {
    const kinds = {
      'torn.png': png.subarray(0, 90 + i),
      'torn.jpg': jpeg.subarray(0, jpeg.length - 60 - i),
      'text.png': 'no picture',
      'empty.jpg': '',
      'whole.png': png,
    };
    for (const [name, bytes] of Object.entries(kinds)) writeFileSync(join(dir, `${i}-${name}`), bytes);
  }
  const alone = await readImageFolder(dir, { size, concurrency: 1 });
  const { paths } = await imageFolder(dir, { size });
  const skipped: { path: string; reason: string }[] = [];
  const whole: string[] = [];
  for await (const chunk of decodeInChunks(paths, size, 50)) {
    skipped.push(...chunk.skipped);
    whole.push(...chunk.indices.map((index) => paths[index]!));
  }
  expect(whole).toEqual(alone.paths);
  expect(skipped.map(({ path, reason }) => [path, plainReason(reason)])).toEqual(
    alone.skipped.map(({ path, reason }) => [path, plainReason(reason)]),
  );
  const { images, indices } = await decodeAtOnce(paths, size);
  expect(images).toEqual(alone.images);
  expect(indices).toHaveLength(24);
});
