/**
 * How large a map of many pictures is, and how long it takes to write:
 *
 *     npx tsx bench/picture-map.ts [--pictures 5000] [--side 512]
 *
 * The pictures are CIFAR-10's test pictures as JPEG files, enlarged to `--side` pixels, with their pixels as vectors: what
 * a model takes comes on top. See docs/map.md.
 */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import sharp from 'sharp';
import { loadCIFAR10, useBestBackend } from 'simclr-ts/node';
import { writePictureMap } from 'simclr-ts/report';
import { integer } from '../src/cli/options.js';

const { pictures, side } = new Command('bench/picture-map')
  .option('--pictures <n>', 'test pictures', integer(4), 5000)
  .option('--side <n>', 'pixels of a side of the files', integer(1), 512)
  .parse()
  .opts<{ pictures: number; side: number }>();

const length = 32 * 32 * 3;
const folder = mkdtempSync(join(tmpdir(), 'simclr-map-bench-'));
try {
  console.log((await useBestBackend()).name);
  const { test } = await loadCIFAR10({ log: console.error });
  const paths: string[] = [];
  const data = new Float32Array(pictures * 192);
  for (let i = 0; i < pictures; i++) {
    const bytes = Uint8Array.from(test.images.data.subarray(i * length, (i + 1) * length));
    const picture = sharp(bytes, { raw: { width: 32, height: 32, channels: 3 } });
    data.set(await picture.clone().resize(8, 8).raw().toBuffer(), i * 192);
    const path = join(folder, `${i}.jpg`);
    writeFileSync(path, await picture.resize(side, side).jpeg().toBuffer());
    paths.push(path);
  }
  const began = performance.now();
  let last = '';
  const out = await writePictureMap(join(folder, 'map.html'), {
    title: 'Test pictures of CIFAR-10',
    paths,
    vectors: { data, shape: [pictures, 192] },
    onProgress(step) {
      if (step !== last) console.log(`${step} after ${((performance.now() - began) / 1000).toFixed(0)} s`);
      last = step;
    },
  });
  const seconds = (performance.now() - began) / 1000;
  console.log(`${pictures} pictures: ${(statSync(out).size / 1e6).toFixed(1)} MB in ${seconds.toFixed(0)} s`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
