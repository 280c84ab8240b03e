// Writes the pictures of docs/studio.md and the animation of the README: the built studio with its sample pictures, from
// its first second to the files of its last step.
// Run: npx tsx scripts/studio-screenshots.ts [passes]
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import build from '../test/studio/build.js';
import { openStudio, setTraining, unfold, waitForMap } from '../test/studio/open-studio.js';

const images = fileURLToPath(new URL('../docs/images/', import.meta.url));
const passes = process.argv[2] ?? '100';
const samples = 300;

/** Width of the animation in pixels, and how long each frame and the last one stays. */
const animationWidth = 640;
const [milliseconds, lastMilliseconds] = [220, 3000];
const mostOfTraining = 24;
/** The part of the page that the animation shows. */
const clip = { x: 0, y: 0, width: 1000, height: 1150 };

await build();
const studio = await openStudio({ query: '', viewport: { width: 1000, height: 860 }, colorScheme: 'light' });
const { page } = studio;

const shot = (id: string, name: string) =>
  page.locator(id).screenshot({ path: `${images}studio-${name}.png` });
const frame = () => page.screenshot({ fullPage: true, clip });

/** The pictures on their way from the grid to their places. */
async function framesOfSorting(): Promise<Buffer[]> {
  const frames = [await frame()];
  await waitForMap(page, samples);
  for (let taken = 0; taken < 14; taken++) frames.push(await frame());
  return frames;
}

/** One picture each time the map moves, until training ends. */
async function framesOfTraining(): Promise<Buffer[]> {
  const frames: Buffer[] = [];
  let seen = await page.getAttribute('#map', 'data-step');
  for (;;) {
    await page.waitForFunction(
      (last) =>
        document.querySelector<HTMLElement>('#map')?.dataset.step !== last ||
        /is done/.test(document.querySelector('#train-state')?.textContent ?? ''),
      seen,
      { timeout: 600_000 },
    );
    await page.waitForTimeout(1000); // the map glides
    frames.push(await frame());
    if (/is done/.test((await page.textContent('#train-state')) ?? '')) break;
    seen = await page.getAttribute('#map', 'data-step');
  }
  const every = Math.ceil(frames.length / mostOfTraining);
  return frames.filter((_, index) => index % every === 0 || index === frames.length - 1);
}

/** Clicks a picture near a point of the map, and waits for its nearest. */
async function choosePicture(across: number, down: number): Promise<void> {
  const map = page.locator('#map');
  for (let turn = 0; turn < 40 && !(await page.isVisible('#picture-panel')); turn++) {
    const { width, height } = (await map.boundingBox())!;
    await map.click({ position: { x: across * width + 9 * turn, y: down * height } });
  }
  await page.locator('#neighbors .grid button').nth(11).waitFor();
}

/** Writes frames as an animation. */
async function writeAnimation(frames: Buffer[]): Promise<void> {
  const small = await Promise.all(
    frames.map((each) => sharp(each).resize(animationWidth).flatten({ background: '#fff' }).png().toBuffer()),
  );
  const delay = small.map((_, index) => (index === small.length - 1 ? lastMilliseconds : milliseconds));
  const { size } = await sharp(small, { join: { animated: true } })
    .webp({ quality: 40, effort: 6, loop: 0, delay })
    .toFile(`${images}studio.webp`);
  console.log(`studio.webp: ${small.length} pictures, ${Math.round(size / 1000)} kB`);
}

/** Marks some pictures of a kind, and names them. */
async function nameKind(kind: string): Promise<void> {
  const buttons = page.locator(`#picture-grid button[aria-label^="${kind}/"]`);
  for (let row = 0; row < 3; row++) await buttons.nth(row).click({ modifiers: ['Shift'] });
  await page.fill('#label-name', kind);
  await page.keyboard.press('Enter');
}

try {
  const frames = await framesOfSorting();
  await page.waitForTimeout(2500);
  await page.screenshot({ path: `${images}studio-first.png` });
  console.log(await page.textContent('#start'));
  await setTraining(page, { epochs: passes });
  await page.waitForSelector('#view-pairs figure:nth-child(8)');
  await shot('#adjust', 'views');
  await page.locator('#adjust').evaluate((details) => {
    (details as HTMLDetailsElement).open = false;
  });
  await page.click('#start');
  frames.push(...(await framesOfTraining()));
  await page.waitForTimeout(3000); // the map glides to its last place
  console.log(await page.textContent('#figures'));
  await unfold(page, 'engineers');
  await page.waitForTimeout(1500);
  await shot('#train', 'train');
  await page.locator('#engineers').evaluate((details) => {
    (details as HTMLDetailsElement).open = false;
  });
  await page.evaluate(() => scrollTo(0, 0));
  await choosePicture(0.12, 0.25);
  await page.waitForTimeout(500);
  frames.push(await frame());
  await writeAnimation(frames);
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.waitForTimeout(500);
  await page.screenshot({ path: `${images}studio-dark.png` });
  await page.emulateMedia({ colorScheme: 'light' });
  await shot('#look', 'search');
  await page.setViewportSize({ width: 390, height: 844 });
  await page.waitForTimeout(1000);
  await page.screenshot({
    path: `${images}studio-phone.png`,
    fullPage: true,
    clip: { x: 0, y: 0, width: 390, height: 1200 },
  });
  await page.setViewportSize({ width: 1000, height: 860 });
  await unfold(page, 'all-pictures');
  for (const kind of ['stars', 'dots', 'houses']) await nameKind(kind);
  await page.click('#probe');
  await studio.text('#labeled', /surest first/);
  await page.click('#duplicates-form button');
  await studio.text('#duplicates-state', /\w{5}/);
  await page.click('#subset-form button[type=submit]');
  await page.locator('#subset .grid button').nth(19).waitFor();
  await shot('#use', 'use');
  await unfold(page, 'loss');
  await page.click('#explain');
  await page.waitForSelector('#explained td.positive');
  await shot('#loss', 'loss');
} finally {
  await studio.close();
}
