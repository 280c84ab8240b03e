/** The studio in Firefox and WebKit: it always gets ready, trains on threads, draws its map, and exports. */
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchFirefox } from '../browser/engines/firefox.js';
import { WebKit } from '../browser/engines/webdriver.js';
import { builtPage } from './build.js';
import { type StaticHost, serveFolder } from './static-host.js';

/** What both remote controls can do. */
interface Browser {
  goto(url: string): Promise<void>;
  /** The value of an expression in the page. */
  evaluate<T>(expression: string): Promise<T>;
  close(): Promise<void>;
}

/** What Playwright and Puppeteer have in common. */
interface Launched {
  newPage(): Promise<{ goto(url: string): Promise<unknown>; evaluate(expression: string): Promise<unknown> }>;
  close(): Promise<void>;
}

async function onePage(launched: Promise<Launched>): Promise<Browser> {
  const browser = await launched;
  const page = await browser.newPage();
  return {
    goto: async (url) => void (await page.goto(url)),
    evaluate: (expression) => page.evaluate(expression) as Promise<never>,
    close: () => browser.close(),
  };
}

const startFirefox = () => onePage(launchFirefox());

const startChromium = () =>
  onePage(
    chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox'],
    }),
  );

async function startWebKit(): Promise<Browser> {
  const webKit = await WebKit.start();
  return {
    goto: (url) => webKit.goto(url),
    evaluate: (expression) => webKit.evaluate(expression),
    close: () => webKit.close(),
  };
}

/** With STUDIO_LOADS, as many loads are tried in Chromium, too, where other tests load the page. */
const loads = Number(process.env.STUDIO_LOADS ?? 3);
const browsers: [string, () => Promise<Browser>][] = [
  ['Firefox', startFirefox],
  ['WebKit', startWebKit],
];
if (process.env.STUDIO_LOADS !== undefined) browsers.unshift(['Chromium', startChromium]);

describe.each(browsers)('%s', (_, start) => {
  let browser: Browser;
  let host: StaticHost;
  beforeAll(async () => {
    host = await serveFolder(builtPage);
    browser = await start();
  });
  afterAll(async () => {
    await browser?.close();
    await host?.close();
  });

  /** Waits until an expression is true. The page may be loading itself again, for its headers. */
  const until = (expression: string, timeout = 60_000) =>
    expect
      .poll(() => browser.evaluate(`Boolean(${expression})`).catch(() => false), { timeout, interval: 100 })
      .toBe(true);
  const text = (selector: string) => `document.querySelector('${selector}').textContent`;
  const click = (selector: string) =>
    browser.evaluate(`document.querySelector('${selector}').click() ?? true`);

  it(`gets ready ${loads} times in a row`, async () => {
    for (let load = 0; load < loads; load++) {
      await browser.goto('about:blank');
      await browser.goto(`${host.url}?samples=0`);
      await until(`document.documentElement.hasAttribute('data-ready')`);
      expect(await browser.evaluate(text('#backend-report'))).toMatch(
        /Trains here on \d+ threads?: \d+ pairs/,
      );
    }
    expect(await browser.evaluate('crossOriginIsolated')).toBe(true);
  });

  it('trains on the sample pictures, draws the map and stops', async () => {
    await browser.goto('about:blank');
    await browser.goto(`${host.url}?samples=60`);
    await until(`/^60 sample pictures/.test(${text('#pictures-state')})`);
    await until(`document.querySelector('#map[data-pictures="60"]')`, 120_000);
    const settings = { width: '8', batchSize: '16', epochs: '500' };
    for (const [name, value] of Object.entries(settings)) {
      await browser.evaluate(`(() => {
        const field = document.querySelector('#settings [name=${name}]');
        field.value = '${value}';
        for (const kind of ['input', 'change']) field.dispatchEvent(new Event(kind, { bubbles: true }));
        return field.value;
      })()`);
    }
    await click('#start');
    await until(`document.querySelector('#train-state').dataset.step >= 20`, 120_000);
    await until(`document.querySelector('#map[data-step]:not([data-step="0"])')`, 120_000);
    await click('#stop');
    await until(`/was stopped/.test(${text('#train-state')})`);
  });

  it('exports the vectors', async () => {
    // The link of a download, instead of a file.
    await browser.evaluate(`(() => {
      HTMLAnchorElement.prototype.click = function () {
        fetch(this.href).then((file) => file.text()).then((all) => { globalThis.exported = all; });
      };
      return true;
    })()`);
    await click('#exports [data-kind=csv]');
    await until('globalThis.exported');
    const lines = (await browser.evaluate<string>('globalThis.exported')).trim().split('\n');
    expect(lines).toHaveLength(61);
    expect(lines[1]).toMatch(/,[-\d.]+$/);
  });
});
