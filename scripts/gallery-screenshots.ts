// Writes the pictures of docs/index-search.md, docs/map.md, docs/stacks.md, docs/selecting.md, docs/labeling.md,
// docs/evaluation.md, docs/reports.md, docs/training.md, and docs/interop.md: what the command line makes of a folder of
// 600 test pictures of Fashion-MNIST (MIT license), some of which are there more than once. Training takes two minutes.
// TensorBoard is installed as for `npm run lane -- interop`.
// Run: npx tsx scripts/gallery-screenshots.ts [folder of Fashion-MNIST, by default that of Debian's package]
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { marked } from 'marked';
import { chromium, type Page } from 'playwright-core';
import sharp from 'sharp';
import { readIDX } from 'simclr-ts/node';
import { runCommandLine } from '../src/cli/program.js';
import { changesOfScenes } from '../test/helpers/scenes.js';

const data = process.argv[2] ?? '/usr/share/datasets/fashion-mnist';
const classNames = 'T-shirt,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot'.split(',');
const root = fileURLToPath(new URL('..', import.meta.url));
const images = join(root, 'docs/images');
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

/** What a page is shown of. */
interface Shot {
  /** Of the window, in pixels. */
  height: number;
  /** By default the page of that name in the folder. */
  address?: string;
  /** What to do and to wait for first. */
  act?: () => Promise<unknown>;
}

/** Writes what a page shows at first. */
async function shoot(page: Page, name: string, { height, address, act }: Shot): Promise<void> {
  await page.setViewportSize({ width: 1000, height });
  await page.goto(address ?? pathToFileURL(join(folder, `${name}.html`)).href);
  await act?.();
  const shot = await page.screenshot();
  const { size } = await sharp(shot)
    .png({ palette: true, effort: 10 })
    .toFile(join(images, `${name}.png`));
  console.log(`${name}.png: ${Math.round(size / 1000)} kB`);
}

/** A page with the files of a model folder, and its card. */
function writeCardPage(model: string): void {
  const files = readdirSync(model, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(model, name)).isFile(),
  );
  const rows = files.sort().map((name) => {
    const { size } = statSync(join(model, name));
    return `<tr><td>${name}</td><td>${size < 1e6 ? `${Math.ceil(size / 1e3)} kB` : `${Math.round(size / 1e6)} MB`}</td></tr>`;
  });
  const card = marked.parse(readFileSync(join(model, 'README.md'), 'utf8').replace(/^---[\s\S]*?---/, ''));
  writeFileSync(
    'huggingface.html',
    `<!doctype html><meta charset="utf-8"><style>
body { display: flex; gap: 3em; margin: 2em; font: 15px system-ui, sans-serif; line-height: 1.5 }
h1 { margin-top: 0 } h2 { font-size: 1.1em } aside td { padding-right: 1em; white-space: nowrap }
pre { background: #f3f3f3; padding: 1em; white-space: pre-wrap } main { flex: 1; min-width: 0 } main td { vertical-align: top; padding-right: 1em }
</style><aside><b>${model}</b><table>${rows.join('')}</table></aside><main>${card}</main>`,
  );
}

/** Starts TensorBoard, waits until it shows curves, and hands over its address. */
async function withTensorBoard(logs: string, use: (address: string) => Promise<void>): Promise<void> {
  const setup = execFileSync('bash', ['test/interop/python/setup.sh'], { cwd: root, encoding: 'utf8' });
  const python = join(root, setup.trim().split('\n').at(-1)!);
  const address = 'http://127.0.0.1:41732';
  const args = ['-m', 'tensorboard.main', '--logdir', logs, '--host', '127.0.0.1', '--port', '41732'];
  const server = spawn(python, args, { stdio: 'ignore' });
  try {
    const isThere = () =>
      fetch(address).then(
        ({ ok }) => ok,
        () => false,
      );
    for (let second = 0; !(await isThere()); second++) {
      if (second === 60 || server.exitCode !== null) throw new Error('TensorBoard does not start.');
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    await use(address);
  } finally {
    server.kill();
  }
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
  const training = ['train', 'clothes', '--recipe', 'minutes', '--minutes', '2'];
  await simclrTS(...training, '--report', 'train.html', '--log-dir', join('logs', 'first'));
  await simclrTS('export', '--huggingface', 'clothes-encoder');
  writeCardPage('clothes-encoder');
  await simclrTS('evaluate', 'clothes', '--report', 'evaluate.html');
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  const page = await browser.newPage({ colorScheme: 'light' });
  await shoot(page, 'stacks', { height: 900 });
  await shoot(page, 'select', { height: 640 });
  await shoot(page, 'label', { height: 480 });
  await shoot(page, 'search', { height: 880 });
  await shoot(page, 'train', { height: 900 });
  await shoot(page, 'evaluate', { height: 900 });
  await shoot(page, 'huggingface', { height: 900 });
  await shoot(page, 'map', { height: 900, act: () => page.waitForSelector('html[data-ready]') });
  await withTensorBoard('logs', (address) => {
    const act = async () => {
      await page.getByRole('button', { name: 'Settings' }).click(); // it is open at first
      await page.waitForTimeout(10_000);
    };
    return shoot(page, 'tensorboard', { height: 620, address, act });
  });
  await browser.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
