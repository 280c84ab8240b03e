// Writes the pictures of docs/index-search.md, docs/map.md, docs/stacks.md, docs/selecting.md, docs/labeling.md,
// docs/evaluation.md, and docs/reports.md: the pages of the command line for a folder of 600 test pictures of
// Fashion-MNIST (MIT license), some of which are there more than once. Training takes two minutes.
// Run: npx tsx scripts/gallery-screenshots.ts [folder of Fashion-MNIST, by default that of Debian's package]
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium, type Page } from 'playwright-core';
import sharp from 'sharp';
import { readIDX } from 'simclr-ts/node';
import { runCommandLine } from '../src/cli/program.js';
import { changesOfScenes } from '../test/helpers/scenes.js';

const data = process.argv[2] ?? '/usr/share/datasets/fashion-mnist';
const classNames = 'T-shirt,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot'.split(',');
const images = fileURLToPath(new URL('../docs/images/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'simclr-ts-galleries-'));
const photos = join(folder, 'photos');
const classFolders = join(folder, 'clothes');
process.chdir(folder);

/** 600 pictures of clothes, enlarged, and changed copies of every fiftieth. */
async function writePictures(): Promise<void> {
  const [pictures, names] = ['images-idx3', 'labels-idx1'].map((part) => join(data, `t10k-${part}-ubyte.gz`));
  const { images: clothes, labels } = await readIDX(pictures!, names!, { channels: 3 });
  const [, height, width, channels] = clothes.shape;
  const values = height * width * channels;
  mkdirSync(photos);
  for (const name of classNames) mkdirSync(join(classFolders, name), { recursive: true });
  for (let i = 0; i < 600; i++) {
    const pixels = Uint8Array.from(clothes.data.subarray(i * values, (i + 1) * values));
    const picture = sharp(pixels, { raw: { width, height, channels: 3 } });
    const kind = classNames[labels[i]!]!;
    const name = join(photos, `${kind} ${i}`);
    await picture
      .clone()
      .png()
      .toFile(join(classFolders, kind, `${i}.png`));
    const large = sharp(await picture.resize(256, 256, { kernel: 'cubic' }).png().toBuffer());
    await large.clone().toFile(`${name}.png`);
    if (i % 50 !== 0) continue;
    for (const change of ['jpeg-60.jpg', 'half.png', 'cropped.png']) {
      await sharp(await changesOfScenes[change]!(large.clone())).toFile(`${name} ${change}`);
    }
  }
}

async function simclrTS(...words: string[]): Promise<void> {
  const code = await runCommandLine(words);
  if (code) throw new Error(`simclr-ts ${words.join(' ')} ended with exit code ${code}.`);
}

/** Writes what a page shows at first, after `act`. */
async function shoot(page: Page, name: string, height: number, act?: () => Promise<unknown>): Promise<void> {
  await page.setViewportSize({ width: 1000, height });
  await page.goto(pathToFileURL(join(folder, `${name}.html`)).href);
  await act?.();
  const shot = await page.screenshot();
  const { size } = await sharp(shot)
    .png({ palette: true, effort: 10 })
    .toFile(join(images, `${name}.png`));
  console.log(`${name}.png: ${Math.round(size / 1000)} kB`);
}

try {
  await writePictures();
  const query = join('photos', readdirSync(photos).find((name) => /^Sneaker \d+\.png$/.test(name))!);
  await simclrTS('index', 'photos');
  await simclrTS('stacks', 'photos', '--html', 'stacks.html');
  await simclrTS('select', 'photos', '--count', '24', '--out', 'select.html');
  await simclrTS('label', 'photos', '--next', '12', '--out', 'label.html');
  await simclrTS('map', 'photos', '--clusters', '10');
  await simclrTS('search', query, '--in', 'photos', '--results', '13', '--html', 'search.html');
  await simclrTS('train', 'clothes', '--recipe', 'minutes', '--minutes', '2', '--report', 'train.html');
  await simclrTS('evaluate', 'clothes', '--report', 'evaluate.html');
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  const page = await browser.newPage({ colorScheme: 'light' });
  await shoot(page, 'stacks', 900);
  await shoot(page, 'select', 640);
  await shoot(page, 'label', 480);
  await shoot(page, 'search', 880);
  await shoot(page, 'train', 900);
  await shoot(page, 'evaluate', 900);
  await shoot(page, 'map', 900, () => page.waitForSelector('html[data-ready]'));
  await browser.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
