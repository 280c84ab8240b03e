import { existsSync } from 'node:fs';
import puppeteer, { type Browser } from 'puppeteer-core';
import type { Engine } from './engine.js';
import { awaitSuite } from './start-suite.js';

/** The Firefox of this machine: `FIREFOX` names it. */
function findFirefox(): string {
  const given = process.env.FIREFOX;
  const paths = given ? [given] : ['/usr/bin/firefox-esr', '/usr/bin/firefox'];
  const found = paths.find((path) => existsSync(path));
  if (found) return found;
  throw new Error(
    `No Firefox was found (${paths.join(', ')}). Install one (Debian: apt-get install firefox-esr) or set FIREFOX to its path.`,
  );
}

/** Starts Firefox without a window, under WebDriver BiDi. Playwright's needs a newer one than Debian's. */
export const launchFirefox = (): Promise<Browser> =>
  puppeteer.launch({ browser: 'firefox', executablePath: findFirefox() });

/** The tests in Firefox. */
export async function firefoxEngine(): Promise<Engine> {
  const browser = await launchFirefox();
  return {
    version: (await browser.version()).replace('/', ' '),
    async open(address, log) {
      const page = await browser.newPage();
      page.on('console', (message) => log(message.text()));
      await page.goto(address);
      return {
        run: (request, inWorker) => awaitSuite((script) => page.evaluate(script), request, inWorker),
        close: () => page.close(),
      };
    },
    close: () => browser.close(),
  };
}
