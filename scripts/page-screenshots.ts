// Writes the pictures of docs/stacks.md and docs/map.md: the pages of a folder of emoji, some of them with changed copies.
// Run: npx tsx scripts/page-screenshots.ts FOLDER, with pictures of `emoji-datasource-google`, such as its img/google/64.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium, type Page } from 'playwright-core';
import sharp from 'sharp';
import { runCommandLine } from '../src/cli/program.js';
import { spreadRows } from '../src/data/spread-rows.js';

const images = fileURLToPath(new URL('../docs/images/', import.meta.url));
const emoji = process.argv[2];
if (emoji === undefined) throw new Error('Give the folder of the emoji.');

const folder = mkdtempSync(join(tmpdir(), 'simclr-pages-'));
const photos = join(folder, 'emoji');
mkdirSync(photos);

/** How many emoji the map shows. */
const count = Number(process.argv[3] ?? 1500);

async function writePictures(): Promise<void> {
  const names = readdirSync(emoji!)
    .filter((name) => name.endsWith('.png') && !/-1f3f[b-f]/.test(name)) // not once more for each skin tone
    .sort();
  const chosen = spreadRows(names.length, count).map((row) => names[row]!);
  for (const [i, name] of chosen.entries()) {
    const open = () => sharp(join(emoji!, name)).flatten({ background: '#fff' });
    const save = (suffix: string, bytes: Buffer) =>
      writeFileSync(join(photos, name.replace('.png', suffix)), bytes);
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
  await command('index', 'emoji');
  await command('stacks', 'emoji', '--level', 'same', '--html', 'stacks.html');
  await command('map', 'emoji', '--out', 'map.html');
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
