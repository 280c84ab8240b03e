// Writes the pictures of docs/studio.md and the animation of the README: the built studio with its sample pictures, during
// training and after some minutes of it.
// Run: npx tsx scripts/studio-screenshots.ts [passes]
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import build from '../test/studio/build.js';
import { openStudio, setTraining } from '../test/studio/open-studio.js';

const images = fileURLToPath(new URL('../docs/images/', import.meta.url));
const passes = process.argv[2] ?? '100';

/** Width of the animation in pixels, and how long each frame and the last one stays. */
const animationWidth = 640;
const [milliseconds, lastMilliseconds] = [300, 3000];
const mostFrames = 40;

await build();
const studio = await openStudio({ viewport: { width: 1000, height: 900 }, colorScheme: 'light' });
const { page } = studio;

const section = async (id: string, name: string) => {
  await page.locator(id).screenshot({ path: `${images}studio-${name}.png` });
};

/** One screenshot of the training panel each time the map moves, until training ends. */
async function framesOfTraining(): Promise<Buffer[]> {
  const frames: Buffer[] = [];
  const mapOf = () => page.locator('#map').getAttribute('aria-label');
  const place = page.locator('#train .watch');
  let seen = await mapOf();
  for (;;) {
    await page.waitForFunction(
      (last) =>
        document.querySelector('#map')?.ariaLabel !== last ||
        /is done/.test(document.querySelector('#train-state')?.textContent ?? ''),
      seen,
      { timeout: 600_000 },
    );
    await page.waitForTimeout(1200); // the map glides, the charts are drawn once a second
    frames.push(await place.screenshot());
    if (/is done/.test((await page.textContent('#train-state')) ?? '')) return frames;
    seen = await mapOf();
  }
}

/** Writes frames, all of the same size, as an animation. */
async function writeAnimation(frames: Buffer[]): Promise<void> {
  const taken = frames.filter(
    (_, index) => index % Math.ceil(frames.length / mostFrames) === 0 || index === frames.length - 1,
  );
  const { height } = await sharp(await sharp(taken.at(-1)).resize(animationWidth).toBuffer()).metadata();
  const small = await Promise.all(
    taken.map((frame) =>
      sharp(frame)
        .resize(animationWidth, height, { fit: 'contain', position: 'top', background: '#fff' })
        .flatten({ background: '#fff' })
        .png()
        .toBuffer(),
    ),
  );
  const delay = small.map((_, index) => (index === small.length - 1 ? lastMilliseconds : milliseconds));
  const { size } = await sharp(small, { join: { animated: true } })
    .webp({ quality: 45, effort: 6, loop: 0, delay })
    .toFile(`${images}studio.webp`);
  console.log(`studio.webp: ${small.length} pictures, ${Math.round(size / 1000)} kB`);
}

try {
  await page.click('#take-samples');
  await studio.text('#pictures-state', /300 pictures/);
  await page.waitForSelector('#view-pairs figure:nth-child(8)');
  await section('#views', 'views');
  await setTraining(page, { epochs: passes });
  await page.click('#start');
  const frames = await framesOfTraining();
  console.log(await page.textContent('#train-state'));
  await page.waitForTimeout(5000); // the map glides to its last place
  console.log(await page.innerText('#figures'));
  await section('#train', 'train');
  frames.push(await page.locator('#train .watch').screenshot());
  await writeAnimation(frames);
  await page.locator('#picture-grid .grid button').nth(2).click();
  await studio.text('#neighbors', /Nearest to/);
  await section('#use', 'use');
  await page.click('#explain');
  await page.waitForSelector('#explained td.positive');
  await section('#loss', 'loss');
} finally {
  await studio.close();
}
