// Writes the pictures of docs/stacks.md and docs/map.md: the pages of a folder of sample pictures, some of them with changed
// copies. Run: npx tsx scripts/page-screenshots.ts
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium, type Page } from 'playwright-core';
import sharp from 'sharp';
import { runCommandLine } from '../src/cli/program.js';
import { samplePictures } from '../src/index.js';

const images = fileURLToPath(new URL('../docs/images/', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'simclr-pages-'));
const photos = join(folder, 'pictures');
mkdirSync(photos);

/** How many pictures the map shows. */
const count = Number(process.argv[2] ?? 1200);
const side = 64;

async function writePictures(): Promise<void> {
  const { images: pixels, labels, classNames } = samplePictures(count, { size: side });
  const length = side * side * 3;
  for (let i = 0; i < count; i++) {
    const bytes = Buffer.from(pixels.data.subarray(i * length, (i + 1) * length));
    const open = () => sharp(bytes, { raw: { width: side, height: side, channels: 3 } });
    const name = `${classNames![labels[i]!]} ${i + 1}`;
    const save = (suffix: string, file: Buffer) => writeFileSync(join(photos, `${name}${suffix}`), file);
    save('.png', await open().png().toBuffer());
    if (i % Math.ceil(count / 12) !== 3) continue;
    save(' (1).jpg', await open().jpeg({ quality: 60 }).toBuffer());
    save(' small.png', await open().resize(40).png().toBuffer());
    save(' copy.png', await open().png().toBuffer());
    save(' warm.webp', await open().modulate({ saturation: 1.1, hue: 5 }).webp({ quality: 80 }).toBuffer());
  }
}

async function command(...args: string[]): Promise<void> {
  const code = await runCommandLine([...args, '--quiet']);
  if (code !== 0) throw new Error(`${args.join(' ')}: exit code ${code}`);
}

/** A screenshot with few colors, which is enough for a guide. */
async function shoot(page: Page, name: string): Promise<void> {
  const shot = await page.screenshot();
  await sharp(shot).png({ palette: true, quality: 90, effort: 10 }).toFile(join(images, name));
}

try {
  await writePictures();
  process.chdir(folder);
  await command('index', 'pictures');
  await command('stacks', 'pictures', '--level', 'same', '--html', 'stacks.html');
  await command('map', 'pictures', '--out', 'map.html');
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  const open = async (name: string) => {
    const page = await browser.newPage({ viewport: { width: 1200, height: 860 }, colorScheme: 'light' });
    await page.goto(pathToFileURL(join(folder, name)).href);
    return page;
  };
  const stacks = await open('stacks.html');
  await shoot(stacks, 'stacks.png');
  const map = await open('map.html');
  await map.waitForSelector('html[data-ready]');
  await map.locator('.groups button.thumb').first().click();
  await map.click('#fit');
  await map.evaluate(() => scrollTo(0, 0));
  await map.waitForTimeout(1000);
  await shoot(map, 'map.png');
  await browser.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
