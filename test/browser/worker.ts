import { runSuite, type SuiteRequest } from './suite.js';

addEventListener('message', async ({ data }: MessageEvent<SuiteRequest>) => {
  try {
    postMessage({ report: await runSuite(data) });
  } catch (error) {
    postMessage({ error: error instanceof Error ? `${error.message}\n${error.stack}` : String(error) });
  }
});
