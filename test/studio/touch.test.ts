/** Fingers on the map of a phone. */
import type { CDPSession } from 'playwright-core';
import { expect, it } from 'vitest';
import { oneAtATime } from './one-at-a-time.js';
import { type OpenStudio, waitForMap } from './open-studio.js';

const open = oneAtATime();

type Point = readonly [x: number, y: number];

/** Moves fingers along their paths, all at once: each path is the places of one finger. */
async function drag(session: CDPSession, paths: readonly (readonly Point[])[]): Promise<void> {
  const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', step?: number) =>
    session.send('Input.dispatchTouchEvent', {
      type,
      touchPoints:
        step === undefined ? [] : paths.map((path, id) => ({ x: path[step]![0], y: path[step]![1], id })),
    });
  await send('touchStart', 0);
  for (let step = 1; step < paths[0]!.length; step++) await send('touchMove', step);
  await send('touchEnd');
}

/** Places on the way from one point to another. */
function line([x0, y0]: Point, [x1, y1]: Point, steps = 8): Point[] {
  return Array.from({ length: steps + 1 }, (_, i) => {
    const share = i / steps;
    return [x0 + share * (x1 - x0), y0 + share * (y1 - y0)];
  });
}

/** A studio on a phone with its map in view, and where the map is. */
async function openOnPhone(): Promise<{
  studio: OpenStudio;
  session: CDPSession;
  center: Point;
  size: Point;
}> {
  const viewport = { width: 390, height: 800 };
  const studio = await open({ query: '?samples=100', viewport, hasTouch: true, isMobile: true });
  const { page, context } = studio;
  await waitForMap(page, 100);
  const map = page.locator('#map');
  await map.scrollIntoViewIfNeeded();
  await page.waitForTimeout(1500); // pictures glide to their places
  const { x, y, width, height } = (await map.boundingBox())!;
  const center: Point = [x + width / 2, y + height / 2];
  return { studio, session: await context.newCDPSession(page), center, size: [width, height] };
}

it('zooms by two fingers, moves by one while zoomed, and scrolls the page by one otherwise', async () => {
  const { studio, session, center, size } = await openOnPhone();
  const { page } = studio;
  const [x, y] = center;
  const spread = size[0] / 3;
  const isZoomed = () => page.locator('#map').evaluate((map) => map.classList.contains('zoomed'));
  const scrolled = () => page.evaluate(() => scrollY);
  const pinch = (from: number, to: number) =>
    drag(session, [line([x - from, y], [x - to, y]), line([x + from, y], [x + to, y])]);
  expect(await isZoomed()).toBe(false);
  await pinch(20, spread);
  expect(await isZoomed()).toBe(true);

  const before = await scrolled();
  const drawing = () => page.locator('#map').evaluate((map) => (map as HTMLCanvasElement).toDataURL());
  const still = await drawing();
  await drag(session, [line(center, [x, y - 100])]);
  await page.waitForTimeout(300);
  expect(await drawing()).not.toBe(still);
  expect(await scrolled()).toBe(before);

  await pinch(spread, 20);
  await page.waitForTimeout(300);
  expect(await isZoomed()).toBe(false);
  await drag(session, [line(center, [x, y - 150], 20)]);
  await expect.poll(scrolled).toBeGreaterThan(before);
});

it('marks what a finger draws around, and does not scroll meanwhile', async () => {
  const { studio, session, size } = await openOnPhone();
  const { page, text } = studio;
  await page.tap('#lasso');
  await page.locator('#map').scrollIntoViewIfNeeded();
  const { x, y, width, height } = (await page.locator('#map').boundingBox())!;
  expect([width, height]).toEqual(size);
  const before = await page.evaluate(() => scrollY);
  const inset = 6; // the corners are round, and not of the map
  const corners: Point[] = [
    [x + inset, y + inset],
    [x + width - inset, y + inset],
    [x + width - inset, y + height - inset],
    [x + inset, y + height - inset],
    [x + inset, y + inset],
  ];
  await drag(session, [corners.slice(1).flatMap((corner, i) => line(corners[i]!, corner))]);
  await text('#marked-state', /^(\d\d|100) pictures marked/);
  expect(await page.evaluate(() => scrollY)).toBe(before);
});
