import { runSuite, type SuiteReport, type SuiteRequest } from './suite.js';

type Answer = { report: SuiteReport } | { error: string };

/** Runs a suite in a worker of this page. */
function runSuiteInWorker(request: SuiteRequest): Promise<SuiteReport> {
  const worker = new Worker('worker.js', { type: 'module' });
  return new Promise((resolve, reject) => {
    worker.onerror = (event) => reject(new Error(`the worker of the tests died: ${event.message}`));
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      if ('report' in data) resolve(data.report);
      else reject(new Error(data.error));
    };
    worker.postMessage(request);
  });
}

Object.assign(globalThis, { runSuite, runSuiteInWorker });
