/** What a person sees who opens the page for the first time, and what the map does. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OpenStudio, openStudio, waitForMap } from './open-studio.js';
import { drawnFiles } from './pictures.js';

let studio: OpenStudio;

beforeAll(async () => {
  studio = await openStudio({ query: '' });
});

afterAll(async () => {
  const { errors } = studio;
  await studio.close();
  expect(errors).toEqual([]);
});

/** What the map shows. */
function drawing({ page }: OpenStudio): Promise<string> {
  return page.locator('#map').evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
}

/** Waits until nothing moves any more. */
async function still(opened: OpenStudio): Promise<void> {
  let before = '';
  await expect
    .poll(
      async () => {
        const now = await drawing(opened);
        const same = now === before;
        before = now;
        return same;
      },
      { timeout: 30_000, interval: 400 },
    )
    .toBe(true);
}

/** Clicks points of the map, from left to right, until there is a picture below one. */
async function clickPicture({ page }: OpenStudio): Promise<void> {
  const map = page.locator('#map');
  const { width, height } = (await map.boundingBox())!;
  for (let x = 20; x < width; x += 14) {
    await map.click({ position: { x, y: height / 2 } });
    if (await page.isVisible('#picture-panel')) return;
  }
  throw new Error('No picture lies on the middle line of the map.');
}

it('sorts sample pictures without a click', async () => {
  const { page, text } = studio;
  expect(await page.textContent('#pictures-state')).toBe('300 sample pictures. Add your own to begin.');
  const grid = await drawing(studio);
  await waitForMap(page, 300);
  await expect.poll(() => drawing(studio)).not.toBe(grid);
  await text('#legend', /dots 50/);
  await text('#map-state', /Similar pictures are near each other/);
  expect(await page.locator('#train').evaluate((step) => (step as HTMLDetailsElement).open)).toBe(true);
  expect(await page.locator('#keep').evaluate((step) => (step as HTMLDetailsElement).open)).toBe(false);
});

it('shows what is like a picture beside the map, and lets one walk on', async () => {
  const { page } = studio;
  await still(studio);
  await clickPicture(studio);
  const near = page.locator('#neighbors .grid button');
  await near.nth(11).waitFor();
  const [map, panel] = await Promise.all(
    ['#map', '#picture-panel'].map(async (selector) => (await page.locator(selector).boundingBox())!),
  );
  expect(panel!.x).toBeGreaterThanOrEqual(map!.x + map!.width);
  expect(Math.abs(panel!.y - map!.y)).toBeLessThan(4);
  const title = await page.textContent('#picture-title');
  await near.nth(3).click();
  await expect.poll(() => page.textContent('#picture-title')).not.toBe(title);
  await near.nth(11).waitFor();
});

it('zooms, and goes back to the whole map', async () => {
  const { page } = studio;
  await still(studio);
  const whole = await drawing(studio);
  await page.click('#zoom-in');
  await still(studio);
  expect(await drawing(studio)).not.toBe(whole);
  await page.click('#zoom-reset');
  await still(studio);
  expect(await drawing(studio)).toBe(whole);
  // The wheel scrolls the page, until the map has the focus.
  await page.locator('#map').hover();
  await page.mouse.wheel(0, 200);
  await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(100);
  await page.evaluate(() => scrollTo(0, 0));
  await page.focus('#map');
  await page.mouse.wheel(0, -200);
  await expect.poll(() => page.locator('#map.zoomed').count()).toBe(1);
});

it('names what a lasso encloses', async () => {
  const { page, text } = studio;
  await still(studio);
  const { x, y, width, height } = (await page.locator('#map').boundingBox())!;
  const around = async (left: number, right: number) => {
    await page.click('#lasso');
    const corners = [
      [left, 0.02],
      [right, 0.02],
      [right, 0.98],
      [left, 0.98],
    ] as const;
    for (const [at, [across, down]] of corners.entries()) {
      await page.mouse.move(x + across * width, y + down * height, { steps: 5 });
      if (at === 0) await page.mouse.down();
    }
    await page.mouse.up();
    await page.click('#lasso');
    const marked = await text('#marked-state', /\d+ pictures? marked/);
    return Number(/^\d+/.exec(marked)![0]);
  };
  const [left, right] = [await around(0.005, 0.5), 300];
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(right);
  await page.fill('#label-name', 'left');
  await page.keyboard.press('Enter');
  await text('#labels', new RegExp(`left: ${left} picture`));
  await text('#legend', new RegExp(`left ${left}.*no name yet ${300 - left}`));
  await page.waitForTimeout(1000); // names are kept meanwhile
  await page.reload();
  await studio.ready();
  await text('#labels', new RegExp(`left: ${left} picture`));
});

it("replaces the samples by the first pictures of one's own", async () => {
  const { page, text } = studio;
  await page.setInputFiles('#files', await drawnFiles(12));
  await text('#pictures-state', /^12 pictures\./);
  await waitForMap(page, 12);
  await page.reload();
  await studio.ready();
  await text('#pictures-state', /^12 pictures\./);
});

it('begins with as many samples as its address says', async () => {
  const empty = await openStudio({ query: '?samples=0' });
  expect(await empty.page.textContent('#pictures-state')).toMatch(/^No pictures yet/);
  await empty.text('#map-state', /as soon as there are some/);
  await empty.page.click('#take-samples');
  await empty.text('#pictures-state', /^300 sample pictures/);
  await empty.close();
  const wrong = await openStudio({ query: '?samples=-3' });
  await wrong.text('#notices', /must be an integer from 0 to 1000, not "-3"/);
  await wrong.close();
});

it('moves nothing for people who want no motion', async () => {
  const opened = await openStudio({ query: '?samples=60', reducedMotion: 'reduce' });
  await waitForMap(opened.page, 60);
  await opened.page.waitForTimeout(150); // the frame after the layout
  const first = await drawing(opened);
  await opened.page.waitForTimeout(700);
  expect(await drawing(opened)).toBe(first);
  await opened.close();
});

it('is used with a finger on a phone: nothing scrolls sideways, and marking needs no keys', async () => {
  const viewport = { width: 360, height: 740 };
  const opened = await openStudio({ query: '?samples=100', viewport, hasTouch: true, isMobile: true });
  const { page, text } = opened;
  await waitForMap(page, 100);
  await page.waitForTimeout(3000);
  const map = page.locator('#map');
  const { width, height } = (await map.boundingBox())!;
  for (let x = 16; x < width && !(await page.isVisible('#picture-panel')); x += 10) {
    await map.tap({ position: { x, y: height / 2 } });
  }
  await page.locator('#neighbors .grid button').nth(11).waitFor();
  const [below, above] = [await page.locator('#picture-panel').boundingBox(), await map.boundingBox()];
  expect(below!.y).toBeGreaterThanOrEqual(above!.y + above!.height);
  await page.tap('#picture-mark');
  await text('#marked-state', /^1 picture marked/);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  await opened.close();
});
