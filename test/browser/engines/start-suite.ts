import type { SuiteReport, SuiteRequest } from '../suite.js';

/** How long a suite may take. */
const patienceSeconds = 1800;

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Runs a suite and asks for its end, because remote controls limit how long a script may take.
 *
 * @param evaluate - Gives the value of an expression in the page.
 */
export async function awaitSuite(
  evaluate: (expression: string) => Promise<unknown>,
  request: SuiteRequest,
  inWorker: boolean,
): Promise<SuiteReport> {
  const deadline = performance.now() + 1000 * patienceSeconds;
  // A driver may call a page loaded before its modules have run.
  while (!(await evaluate("typeof runSuite === 'function'")) && performance.now() < deadline)
    await sleep(200);
  await evaluate(`void (globalThis.suiteAnswer = undefined,
    ${inWorker ? 'runSuiteInWorker' : 'runSuite'}(${JSON.stringify(request)}).then(
      (report) => { globalThis.suiteAnswer = { report }; },
      (error) => { globalThis.suiteAnswer = { error: error.message + '\\n' + error.stack }; },
    ))`);
  while (performance.now() < deadline) {
    const answer = (await evaluate('globalThis.suiteAnswer ?? null')) as {
      report?: SuiteReport;
      error?: string;
    } | null;
    if (answer?.report) return answer.report;
    if (answer) throw new Error(answer.error);
    await sleep(200);
  }
  throw new Error(`the suite has not ended after ${patienceSeconds} s`);
}
