/** As many pictures as an isolated page takes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { randomGenerator } from 'simclr-ts';
import { expect, it } from 'vitest';
import { openStudio, setTraining, waitForMap, waitForStep } from './open-studio.js';

const count = 50_000;
const side = 16;

/** A BMP file: two colors, divided by a line. */
function drawnBitmap(index: number): Uint8Array {
  const random = randomGenerator(3).fold(index);
  const header = Buffer.alloc(54);
  header.write('BM');
  const sizes: [offset: number, value: number][] = [
    [2, 54 + side * side * 3],
    [10, 54],
    [14, 40],
    [18, side],
    [22, side],
  ];
  for (const [offset, value] of sizes) header.writeUInt32LE(value, offset);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(24, 28);
  const colors = [0, 1].map(() => [0, 1, 2].map(() => Math.floor(random.uniform(0, 256))));
  const [across, down, where] = [random.uniform(-1, 1), random.uniform(-1, 1), random.uniform(-4, 4)];
  const pixels = Array.from({ length: side * side }, (_, pixel) => {
    const distance = across * ((pixel % side) - 8) + down * (Math.floor(pixel / side) - 8);
    return colors[distance < where ? 0 : 1]!;
  });
  return Uint8Array.from([...header, ...pixels.flat()]);
}

it(`takes ${count} pictures, learns from them, and answers`, { timeout: 900_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'simclr-ts-many-'));
  const zip = join(folder, 'many.zip');
  const entries = Array.from({ length: count }, (_, i) => [`all/${i}.bmp`, drawnBitmap(i)] as const);
  writeFileSync(zip, zipSync(Object.fromEntries(entries), { level: 0 }));
  const studio = await openStudio();
  const { page, text } = studio;
  const seconds: Record<string, number> = {};
  let began = performance.now();
  const timed = (what: string) => {
    seconds[what] = Math.round((performance.now() - began) / 100) / 10;
    began = performance.now();
  };
  try {
    began = performance.now();
    await page.setInputFiles('#files', zip);
    await text('#pictures-state', /^50,000 pictures/, 400_000);
    timed('added');
    await waitForMap(page, 1000);
    timed('sorted');
    await page.locator('#map').press('Enter'); // the picture in the middle
    await page.waitForSelector('#picture-panel .grid button', { timeout: 300_000 });
    timed('searched');
    await setTraining(page, { epochs: '1' });
    await page.click('#start');
    await waitForStep(page, 50, 300_000);
    timed('50 steps');
    await page.click('#stop');
    await text('#train-state', /stopped|is done/i, 300_000);
    timed('stopped');
    await page.reload();
    await studio.ready();
    await text('#pictures-state', /^50,000 pictures/, 200_000);
    timed('reloaded');
    expect(studio.errors).toEqual([]);
  } finally {
    console.info(JSON.stringify(seconds));
    await studio.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
