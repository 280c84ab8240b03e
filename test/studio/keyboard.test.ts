import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OpenStudio, openStudio, stepsDone, waitForMap, waitForStep } from './open-studio.js';

// Nothing in this file but keys: no click, no focus by script.
const mostStops = 120;
let studio: OpenStudio;

beforeAll(async () => {
  studio = await openStudio({ query: '?samples=100' });
});

afterAll(() => studio?.close());

/** Presses Tab until an element has the focus; each stop on the way must show that it has it. */
async function tabTo(selector: string, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  const { page } = studio;
  for (let stop = 0; stop < mostStops; stop++) {
    await page.keyboard.press(key);
    const { reached, seen, what } = await page.evaluate((wanted) => {
      const { activeElement } = document;
      const body = activeElement === document.body || !activeElement;
      return {
        reached: !body && activeElement.matches(wanted),
        seen: body || getComputedStyle(activeElement).outlineStyle !== 'none',
        what: activeElement?.outerHTML.slice(0, 80),
      };
    }, selector);
    expect(seen, `the focus cannot be seen on ${what}`).toBe(true);
    if (reached) return;
  }
  throw new Error(`${mostStops} stops did not come to ${selector}.`);
}

async function write(selector: string, text: string, key?: 'Tab' | 'Shift+Tab'): Promise<void> {
  await tabTo(selector, key);
  await studio.page.keyboard.press('Control+A');
  await studio.page.keyboard.type(text);
}

it('looks, trains, searches, names, and exports by keys alone', async () => {
  const { page } = studio;
  const { keyboard } = page;
  const focused = (selector: string) =>
    expect
      .poll(() => page.evaluate((wanted) => document.activeElement?.matches(wanted), selector))
      .toBe(true);
  await tabTo('.skip');
  await keyboard.press('Enter');
  await waitForMap(page, 100);

  await tabTo('#map');
  for (const key of ['+', '+', 'ArrowRight', 'ArrowDown', '-', '0', '+']) await keyboard.press(key);
  await keyboard.press('Enter');
  await page.locator('#neighbors .grid button').nth(11).waitFor();
  const title = await page.textContent('#picture-title');
  await tabTo('#picture-mark');
  await keyboard.press('Enter');
  await studio.text('#marked-state', /^1 picture marked/);
  await tabTo('#neighbors .grid button');
  await keyboard.press('ArrowRight');
  await keyboard.press('m');
  await studio.text('#marked-state', /^2 pictures marked/);
  await keyboard.press('Enter');
  await focused('#picture-title');
  expect(await page.textContent('#picture-title')).not.toBe(title);
  await write('#label-name', 'one');
  await keyboard.press('Enter');
  await focused('#map');

  await tabTo('#all-pictures summary');
  await keyboard.press('Enter');
  await tabTo('#picture-grid .grid button');
  await keyboard.press('End');
  await keyboard.press('Home');
  await keyboard.press('ArrowDown');
  for (let mark = 0; mark < 2; mark++) {
    for (let step = 0; step < 4; step++) await keyboard.press('ArrowRight');
    await keyboard.press('m');
  }
  await write('#label-name', 'other', 'Shift+Tab');
  await keyboard.press('Enter');

  await tabTo('#adjust summary');
  await keyboard.press('Enter');
  await tabTo('#settings [name=width]');
  await keyboard.type('8');
  await tabTo('#settings [name=batchSize]');
  await keyboard.type('16');
  await write('#settings [name=epochs]', '500');
  const strength = () => page.inputValue('#augmentation [name=strength]');
  const before = await strength();
  await tabTo('#augmentation [name=strength]');
  await keyboard.press('ArrowRight');
  expect(Number(await strength())).toBeGreaterThan(Number(before));
  await tabTo('#start', 'Shift+Tab');
  await keyboard.press('Enter');
  await focused('#pause');
  await waitForStep(page, 3);
  await keyboard.press('Space');
  await studio.text('#train-state', /Paused/);
  const held = await stepsDone(page);
  await keyboard.press('Space');
  await waitForStep(page, held + 3);
  await tabTo('#stop');
  await keyboard.press('Enter');
  await studio.text('#train-state', /was stopped/);
  await focused('#start');

  await tabTo('[data-next=use]');
  await keyboard.press('Enter');
  await focused('#use summary');
  await tabTo('#probe');
  await keyboard.press('Enter');
  await studio.text('#labeled', /one: \d+ pictures?.*other: \d+ pictures?/);
  await tabTo('[data-next=keep]');
  await keyboard.press('Enter');
  await tabTo('#files-box summary');
  await keyboard.press('Enter');
  await tabTo('#exports [data-kind=safetensors]');
  const download = page.waitForEvent('download');
  await keyboard.press('Enter');
  expect(readFileSync(await (await download).path()).length).toBeGreaterThan(10_000);
  await tabTo('#loss summary');
  await keyboard.press('Enter');
  await tabTo('#explain');
  await keyboard.press('Enter');
  await page.waitForSelector('#explained td.positive');
  expect(studio.errors).toEqual([]);
});
