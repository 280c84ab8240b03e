import { type Browser, chromium } from 'playwright-core';
import { findChromium, graphicsFlags } from './chromium.js';
import type { Engine, PageFunctions } from './engine.js';

/** Starts Chromium without a window. */
export const launchChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath: findChromium(), args: graphicsFlags });
/** The tests in Chromium. */
export async function chromiumEngine(): Promise<Engine> {
  const browser = await launchChromium();
  return {
    version: `Chromium ${browser.version()}`,
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
