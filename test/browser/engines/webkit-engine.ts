import type { Engine } from './engine.js';
import { awaitSuite } from './start-suite.js';
import { WebKit } from './webdriver.js';

/** The tests in WebKit. What a page prints is not told by its driver. */
export async function webKitEngine(): Promise<Engine> {
  const webKit = await WebKit.start({ sharedMemory: true });
  return {
    version: `WebKitGTK ${webKit.version}`,
    async open(address) {
      await webKit.goto(address);
      return {
        run: (request, inWorker) => awaitSuite((script) => webKit.evaluate(script), request, inWorker),
        close: () => webKit.goto('about:blank'),
      };
    },
    close: () => webKit.close(),
  };
}
