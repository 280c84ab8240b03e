import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { EmbeddingArray } from 'simclr-ts';
import { randomGenerator } from 'simclr-ts/random';
import { writePictureMap } from 'simclr-ts/report';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scene } from '../helpers/scenes.js';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const dangerous = `<img src=x onerror="document.title='run'">.png`;

describe.skipIf(!existsSync(executablePath))('the map in a browser', () => {
  let folder = '';
  let browser: Browser;
  let url = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'simclr-ts-map-page-'));
    mkdirSync(join(folder, 'photos'));
    const random = randomGenerator(1);
    const paths: string[] = [];
    const data = new Float32Array(90 * 6);
    for (let row = 0; row < 90; row++) {
      const name = row === 0 ? dangerous : `picture ${row}.png`;
      paths.push(join(folder, 'photos', name));
      writeFileSync(paths[row]!, await (await scene(row)).resize(48).png().toBuffer());
      for (let i = 0; i < 6; i++) data[row * 6 + i] = 0.3 * random.normal() + (i === row % 3 ? 2 : 0);
    }
    const vectors: EmbeddingArray = { data, shape: [90, 6] };
    const page = await writePictureMap(join(folder, 'map.html'), { title: 'Map', paths, vectors, groups: 3 });
    url = pathToFileURL(page).href;
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(options: BrowserContextOptions, work: (page: Page) => Promise<void>): Promise<void> {
    const context = await browser.newContext({ viewport: { width: 1100, height: 900 }, ...options });
    const page = await context.newPage();
    const errors: string[] = [];
    page.on('pageerror', ({ message }) => errors.push(message));
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    page.on('request', (request) => /^(file|data|blob):/.test(request.url()) || errors.push(request.url()));
    try {
      await page.goto(url);
      await page.waitForSelector('html[data-ready]');
      await work(page);
      expect(errors).toEqual([]);
    } finally {
      await context.close();
    }
  }

  /** How many colors the canvas shows: a measure of what is drawn. */
  const colors = (page: Page) =>
    page.evaluate(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('#map')!;
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      const seen = new Set<number>();
      for (let i = 0; i < data.length; i += 4)
        seen.add((data[i]! << 16) | (data[i + 1]! << 8) | data[i + 2]!);
      return seen.size;
    });

  it('draws all pictures, and shows one that is clicked', async () => {
    await open({}, async (page) => {
      expect(await colors(page)).toBeGreaterThan(2000);
      expect(await page.locator('#info').isVisible()).toBe(false);
      await page.locator('.groups button.thumb').first().click();
      const name = await page.locator('#name').textContent();
      expect(name).toMatch(/photos\/picture \d+\.png$/);
      expect(await page.locator('#name').getAttribute('href')).toMatch(/^photos\/picture%20\d+\.png$/);
      expect(await page.locator('#near button').count()).toBe(6);
      expect(await page.locator('#group').textContent()).toMatch(/^Group [123]$/);
    });
  });

  it('is used by the keyboard alone', async () => {
    await open({ reducedMotion: 'reduce' }, async (page) => {
      await page.locator('#map').focus();
      await page.keyboard.press('ArrowRight');
      const first = await page.locator('#name').textContent();
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowRight');
      expect(await page.locator('#name').textContent()).not.toBe(first);
      const before = await page.locator('#map').screenshot();
      await page.keyboard.press('+');
      await page.keyboard.press('+');
      await page.waitForTimeout(100);
      const zoomed = await page.locator('#map').screenshot();
      expect(zoomed.equals(before)).toBe(false);
      await page.keyboard.press('Escape');
      await page.keyboard.press('0');
      await page.waitForTimeout(100);
      expect(await page.locator('#info').isVisible()).toBe(false);
      // Every thumbnail in the lists can be reached, and says what it is.
      const labels = await page
        .locator('button.thumb')
        .evaluateAll((all) => all.map((each) => each.ariaLabel));
      expect(labels.length).toBeGreaterThan(20);
      for (const label of labels) expect(label).toContain('photos/');
    });
  });

  it('moves, zooms, and finds by name', async () => {
    await open({}, async (page) => {
      const box = (await page.locator('#map').boundingBox())!;
      const shot = async () => {
        await page.waitForTimeout(100);
        return page.locator('#map').screenshot();
      };
      const first = await shot();
      await page.mouse.move(box.x + 300, box.y + 300);
      await page.mouse.down();
      await page.mouse.move(box.x + 380, box.y + 340, { steps: 4 });
      await page.mouse.up();
      const moved = await shot();
      expect(moved.equals(first)).toBe(false);
      await page.mouse.wheel(0, -300);
      expect((await shot()).equals(moved)).toBe(false);
      await page.fill('#search', 'picture 1');
      expect(await page.textContent('#state')).toBe('11 of 90 pictures');
      await page.click('#all');
      expect(await page.textContent('#state')).toBe('');
      await page.locator('.groups button[data-group]').first().click();
      expect(await page.textContent('#state')).toMatch(/^\d+ of 90 pictures$/);
    });
  });

  it('never runs what a file name says', async () => {
    await open({}, async (page) => {
      await page.fill('#search', 'onerror');
      await page.locator('#map').focus();
      await page.keyboard.press('ArrowRight');
      expect(await page.locator('#name').textContent()).toContain(dangerous);
      expect(await page.title()).toBe('Map');
      expect(await page.locator('img:not(.sheet)').count()).toBe(0);
    });
  });

  it('fits a phone, and has dark colors', async () => {
    const phone = {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true,
      colorScheme: 'dark',
    } as const;
    await open(phone, async (page) => {
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(wide).toBeLessThanOrEqual(390);
      const box = (await page.locator('#map').boundingBox())!;
      await page.locator('#map').tap({ position: { x: box.width / 2, y: box.height / 2 } });
      const background = await page.evaluate(() => {
        const pixel = document
          .querySelector<HTMLCanvasElement>('#map')!
          .getContext('2d')!
          .getImageData(1, 1, 1, 1);
        return Array.from(pixel.data.slice(0, 3));
      });
      for (const value of background) expect(value).toBeLessThan(40);
    });
  });
});
