import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OpenStudio, openStudio, setTraining, unfold, waitForMap, waitForStep } from './open-studio.js';
import { drawnFiles } from './pictures.js';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const phone = { width: 360, height: 740 };
let studio: OpenStudio;

beforeAll(async () => {
  studio = await openStudio({ query: '?samples=100' });
});

afterAll(() => studio?.close());

/** Width of the page's contents, once charts and map have followed the window. */
async function settledWidth(): Promise<number> {
  const measure = () => studio.page.evaluate(() => document.documentElement.scrollWidth);
  let width = await measure();
  for (let turn = 0; turn < 20 && width > studio.page.viewportSize()!.width; turn++) {
    await studio.page.waitForTimeout(250);
    width = await measure();
  }
  return width;
}

/** What axe-core calls serious or critical, in light and in dark, and what is wider than a phone. */
async function problems(state: string): Promise<string[]> {
  const { page } = studio;
  const found: string[] = [];
  const size = page.viewportSize()!;
  await page.evaluate(axe);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await page.evaluate(() =>
      (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
    );
    for (const { id, impact, nodes } of violations) {
      if (impact !== 'serious' && impact !== 'critical') continue;
      found.push(`${colorScheme}: ${id} at ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
    }
    await studio.picture(`state-${state}-${colorScheme}`);
  }
  await page.setViewportSize(phone);
  const width = await settledWidth();
  if (width > phone.width) found.push(`${width} pixels wide on a phone of ${phone.width}`);
  await studio.picture(`state-${state}-phone`);
  await page.setViewportSize(size);
  return found;
}

it('is accessible and fits a phone with the samples', async () => {
  await waitForMap(studio.page, 100);
  expect(await problems('samples')).toEqual([]);
});

it('is accessible and fits a phone while it is empty', async () => {
  const { page } = studio;
  await page.setInputFiles('#files', await drawnFiles(3));
  await studio.text('#pictures-state', /^3 pictures/);
  expect(await problems('few')).toEqual([]);
  await page.click('#forget');
  await studio.text('#pictures-state', /^No pictures yet/);
  expect(await problems('empty')).toEqual([]);
});

it('is accessible and fits a phone with pictures and a notice', async () => {
  const { page } = studio;
  const files = await drawnFiles(48);
  const name = `a-file-whose-name-is-${'very-'.repeat(12)}long.txt`;
  await page.setInputFiles('#files', [
    ...files,
    { name, mimeType: 'text/plain', buffer: Buffer.from('no picture') },
  ]);
  await studio.text('#notices', /Skipped/);
  await waitForMap(page, 48);
  await unfold(page, 'adjust');
  await page.waitForSelector('#view-pairs figure:nth-child(8)');
  expect(await problems('pictures')).toEqual([]);
});

it('is accessible and fits a phone while it trains, and when it is paused', async () => {
  const { page } = studio;
  await setTraining(page, { epochs: '1000', batchSize: '16', width: '8' });
  await page.click('#start');
  await waitForStep(page, 6);
  await unfold(page, 'engineers');
  await page.locator('#map[data-step]:not([data-step="0"])').waitFor();
  expect(await problems('training')).toEqual([]);
  await page.click('#pause');
  await studio.text('#train-state', /Paused/);
  expect(await problems('paused')).toEqual([]);
  await page.click('#stop');
  await studio.text('#train-state', /was stopped/);
});

it('is accessible and fits a phone in use', async () => {
  const { page } = studio;
  await unfold(page, 'all-pictures', 'use', 'keep', 'files-box', 'loss');
  const buttons = page.locator('#picture-grid .grid button');
  await buttons.nth(2).click();
  await page.locator('#neighbors .grid button').nth(11).waitFor();
  await page.fill('#similarity', '0.5');
  await page.click('#duplicates-form button');
  await studio.text('#duplicates-state', /that may be duplicates/);
  await page.click('#subset-form button[type=submit]');
  await page.locator('#subset .grid button').nth(19).waitFor();
  for (const kind of [0, 1]) {
    for (const row of [0, 1]) await buttons.nth(3 * row + kind).click({ modifiers: ['Shift'] });
    await page.fill('#label-name', `kind ${kind}`);
    await page.keyboard.press('Enter');
  }
  await page.click('#probe');
  await studio.text('#labeled', /surest first/);
  await buttons.nth(5).click({ modifiers: ['Shift'] });
  await page.click('#explain');
  await page.waitForSelector('#explained td.positive');
  expect(await problems('use')).toEqual([]);
  expect(studio.errors).toEqual([]);
});
