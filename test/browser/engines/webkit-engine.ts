import type { SuiteReport } from '../suite.js';
import type { Engine } from './engine.js';
import { WebKit } from './webdriver.js';

/** How long a suite may take. */
const patienceSeconds = 1800;

/** Starts the suite; its end is asked for, because the protocol limits how long a script may take. */
const start = `
  const [request, inWorker] = arguments;
  globalThis.suiteAnswer = undefined;
  (inWorker ? runSuiteInWorker : runSuite)(request).then(
    (report) => { globalThis.suiteAnswer = { report }; },
    (error) => { globalThis.suiteAnswer = { error: error.message + '\\n' + error.stack }; },
  );`;

/** The tests in WebKit. What a page prints is not told by its driver. */
export async function webKitEngine(): Promise<Engine> {
  const webKit = await WebKit.start();
  return {
    version: `WebKitGTK ${webKit.version}`,
    async open(address) {
      await webKit.goto(address);
      return {
        async run(request, inWorker) {
          await webKit.execute(start, request, inWorker);
          const { report, error } = await webKit.waitFor<{ report?: SuiteReport; error?: string }>(
            'globalThis.suiteAnswer',
            patienceSeconds,
          );
          if (report === undefined) throw new Error(error);
          return report;
        },
        close: () => webKit.goto('about:blank'),
      };
    },
    close: () => webKit.close(),
  };
}
