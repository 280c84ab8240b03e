import { existsSync } from 'node:fs';
import { type Browser, chromium, firefox } from 'playwright-core';
import { findChromium, graphicsFlags } from './chromium.js';
import type { Engine, PageFunctions } from './engine.js';

/** The Firefox of this machine: `FIREFOX` names it. Any release: it is driven over WebDriver BiDi. */
export function findFirefox(): string {
  const given = process.env.FIREFOX;
  const paths = given ? [given] : ['/usr/bin/firefox-esr', '/usr/bin/firefox', '/snap/bin/firefox'];
  const found = paths.find((path) => existsSync(path));
  if (found) return found;
  throw new Error(
    `No Firefox was found (${paths.join(', ')}). Install one (Debian: apt-get install firefox-esr) or set FIREFOX to its path.`,
  );
}

/** Starts Chromium, or Firefox, without a window. */
export const launchChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath: findChromium(), args: graphicsFlags });
export const launchFirefox = (): Promise<Browser> =>
  firefox.launch({ channel: 'moz-firefox', executablePath: findFirefox() });

/** The tests in a browser that Playwright drives. */
export function playwrightEngine(name: string, browser: Browser): Engine {
  return {
    version: `${name} ${browser.version()}`,
    async open(address, log) {
      const context = await browser.newContext();
      const page = await context.newPage();
      page.on('console', (message) => log(message.text()));
      const died = new Promise<never>((_, reject) => {
        page.on('crash', () => reject(new Error('the page crashed')));
      });
      died.catch(() => {}); // heard by `run`
      await page.goto(address, { waitUntil: 'load' });
      return {
        run(request, inWorker) {
          const running = page.evaluate(
            ({ request, inWorker }) => {
              const { runSuite, runSuiteInWorker } = globalThis as unknown as PageFunctions;
              return (inWorker ? runSuiteInWorker : runSuite)(request);
            },
            { request, inWorker },
          );
          return Promise.race([running, died]);
        },
        close: () => context.close().catch(() => {}), // a browser that died has no contexts; its error says more
      };
    },
    close: () => browser.close(),
  };
}
