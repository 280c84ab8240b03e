import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { builtPage } from './build.js';
import { type StaticHost, serveFolder } from './static-host.js';

const screenshots = fileURLToPath(new URL('../../runs/studio/', import.meta.url));

/** A studio in a browser of its own. */
export interface OpenStudio {
  page: Page;
  context: BrowserContext;
  host: StaticHost;
  /** Errors of the page that nobody caught. */
  errors: string[];
  /** Waits until the page can be used. */
  ready(): Promise<void>;
  /** Waits for a text that matches in an element. */
  text(selector: string, pattern: RegExp, timeout?: number): Promise<string>;
  /** Drops a file or a folder of this machine onto the page. */
  drop(path: string): Promise<void>;
  /** Writes a picture of the whole page into an ignored folder. */
  picture(name: string): Promise<void>;
  close(): Promise<void>;
}

/** Options of {@link openStudio}. */
export interface OpenOptions extends BrowserContextOptions {
  /** More flags of Chromium. */
  args?: string[];
  /** Folder of the built page. @defaultValue the one that the tests build */
  folder?: string;
  /** End of the page's address. @defaultValue '?samples=0': a page without pictures is ready soonest */
  query?: string;
}

/** Opens the built studio from a plain static host, below some path. */
export async function openStudio(options: OpenOptions = {}): Promise<OpenStudio> {
  const { args = [], folder = builtPage, query = '?samples=0', ...contextOptions } = options;
  const host = await serveFolder(folder);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', ...args],
  });
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...contextOptions });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000); // a button waits until the pictures are sorted
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  const studio: OpenStudio = {
    page,
    context,
    host,
    errors,
    ready: async () => {
      await page.waitForSelector('html[data-ready]', { timeout: 90_000 });
    },
    async text(selector, pattern, timeout = 120_000) {
      const match = await page.waitForFunction(
        ([where, source]) => {
          const text = document.querySelector(where!)?.textContent ?? '';
          return new RegExp(source!).test(text) && text;
        },
        [selector, pattern.source],
        { timeout },
      );
      return String(await match.jsonValue());
    },
    async drop(path) {
      const { x, y } = (await page.locator('#drop').boundingBox())!;
      const session = await context.newCDPSession(page);
      const data = { items: [], files: [path], dragOperationsMask: 1 };
      for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
        await session.send('Input.dispatchDragEvent', { type, x: x + 20, y: y + 20, data });
      }
      await session.detach();
    },
    async picture(name) {
      mkdirSync(screenshots, { recursive: true });
      await page.screenshot({ path: `${screenshots}${name}.png`, fullPage: true });
    },
    async close() {
      await browser.close();
      await host.close();
    },
  };
  await page.goto(host.url + query);
  await studio.ready();
  return studio;
}

/** Opens parts of the page that are closed. */
export async function unfold(page: Page, ...ids: string[]): Promise<void> {
  for (const id of ids) {
    await page.locator(`#${id}`).evaluate((details) => {
      (details as HTMLDetailsElement).open = true;
    });
  }
}

/** Waits until the map shows its pictures in the places that a network gave them. */
export async function waitForMap(page: Page, pictures: number): Promise<void> {
  await page.locator(`#map[data-step][data-pictures="${pictures}"]`).waitFor();
}

/** Sets the fields of the training form. */
export async function setTraining(page: Page, settings: Readonly<Record<string, string>>): Promise<void> {
  await unfold(page, 'adjust');
  for (const [name, value] of Object.entries(settings)) {
    const field = page.locator(`#settings [name=${name}]`);
    if (await field.evaluate((element) => element.tagName === 'SELECT')) await field.selectOption(value);
    else await field.fill(value);
  }
}

/** The optimizer steps that the page has heard of. */
export async function stepsDone(page: Page): Promise<number> {
  return Number(await page.locator('#train-state').getAttribute('data-step'));
}

/** Waits until training has come to a step. */
export async function waitForStep(page: Page, step: number, timeout = 280_000): Promise<void> {
  await page.waitForFunction(
    (wanted) => Number(document.querySelector<HTMLElement>('#train-state')?.dataset.step) >= wanted,
    step,
    { timeout },
  );
}
