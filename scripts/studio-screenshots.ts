// Writes the pictures of docs/studio.md: the built studio with its own sample pictures, after some minutes of training.
// Run: npx tsx scripts/studio-screenshots.ts [passes]
import { fileURLToPath } from 'node:url';
import build from '../test/studio/build.js';
import { openStudio, setTraining } from '../test/studio/open-studio.js';

const images = fileURLToPath(new URL('../docs/images/', import.meta.url));
const passes = process.argv[2] ?? '100';

await build();
const studio = await openStudio({ viewport: { width: 1000, height: 900 }, colorScheme: 'light' });
const { page } = studio;
try {
  await page.click('#take-samples');
  await studio.text('#pictures-state', /300 pictures/);
  await page.waitForSelector('#view-pairs figure:nth-child(8)');
  const section = async (id: string, name: string) => {
    await page.locator(id).screenshot({ path: `${images}studio-${name}.png` });
  };
  await section('#views', 'views');
  await setTraining(page, { epochs: passes });
  await page.click('#start');
  console.log(await studio.text('#train-state', /is done/, 1_800_000));
  await page.waitForTimeout(5000); // the map glides to its last place
  console.log(await page.innerText('#figures'));
  await section('#train', 'train');
  await page.locator('#picture-grid .grid button').nth(2).click();
  await studio.text('#neighbors', /Nearest to/);
  await section('#use', 'use');
  await page.click('#explain');
  await page.waitForSelector('#explained td.positive');
  await section('#loss', 'loss');
} finally {
  await studio.close();
}
