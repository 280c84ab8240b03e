/** Runs test files where it is loaded: in a page or in a worker. */

import { testFiles } from 'virtual:test-files';
import {
  type File,
  type Suite,
  startTests,
  type Task,
  type Test,
  type VitestRunner,
  type VitestRunnerConfig,
} from '@vitest/runner';

/** The task of a page. */
export interface SuiteRequest {
  /** By the names of test/helpers/setting.ts. */
  settings: Record<string, string>;
  /** Paths from the repository's root. */
  files: string[];
  /** Full names of tests that match are left out. */
  leaveOut?: string;
  /** Whether to measure the pairs per second of training first. */
  measure?: boolean;
}

/** The result of a test. */
export interface SuiteReport {
  passed: string[];
  failed: { name: string; error: string }[];
  skipped: string[];
  pairsPerSecond?: number;
  threads?: number;
  wasmBuild?: string;
}

const minute = 60_000;

/** Cases of test/training/save-load.test.ts. */
const needFolders = '\\ba folder\\b';

const config: VitestRunnerConfig = {
  root: '/',
  setupFiles: [],
  name: undefined,
  passWithNoTests: false,
  testNamePattern: undefined,
  allowOnly: false,
  sequence: { seed: 1, hooks: 'stack', setupFiles: 'list' },
  chaiConfig: undefined,
  maxConcurrency: 1,
  testTimeout: 10 * minute,
  hookTimeout: 10 * minute,
  retry: 0,
  includeTaskLocation: false,
  tags: [],
  tagsFilter: undefined,
  strictTags: false,
};

const fullName = (task: Task): string =>
  task.suite ? `${fullName(task.suite)} > ${task.name}` : `${task.file.name} > ${task.name}`;

/** The tests of a suite, and the suites that failed by themselves: by an import or a hook. */
function* outcomes(suite: Suite | File): Generator<Task> {
  if (suite.result?.errors?.length) yield suite;
  for (const task of suite.tasks) {
    if (task.type === 'suite') yield* outcomes(task);
    else yield task;
  }
}

const errorText = (task: Task): string =>
  (task.result?.errors ?? []).map(({ message, stack }) => `${message}\n${stack ?? ''}`).join('\n');

/** Runs tests under settings. A context runs one suite: settings take effect when the tests are imported. */
export async function runSuite({ settings, files, leaveOut, measure }: SuiteRequest): Promise<SuiteReport> {
  Object.assign(globalThis, { simclrTestSettings: settings });
  await import('../helpers/setup.js');
  const report: SuiteReport = { passed: [], failed: [], skipped: [] };
  if (measure) {
    const { measurePairsPerSecond } = await import('../backends/throughput.js');
    report.pairsPerSecond = await measurePairsPerSecond();
  }
  const leftOut = new RegExp([needFolders, ...(leaveOut === undefined ? [] : [leaveOut])].join('|'));
  const runner: VitestRunner = {
    config,
    importFile: (path) => testFiles[path]!(),
    onBeforeRunTask(test: Test) {
      if (leftOut.test(fullName(test))) test.mode = 'skip';
    },
    onBeforeRunSuite(suite: Suite) {
      if (!suite.suite && suite.file === suite) console.info(`... ${suite.name}`);
    },
  };
  for (const file of await startTests(files, runner)) {
    for (const task of outcomes(file)) {
      const name = task === (file as Task) ? file.name : fullName(task);
      if (task.result?.state === 'pass') report.passed.push(name);
      else if (task.result?.state === 'fail') report.failed.push({ name, error: errorText(task) });
      else report.skipped.push(name);
    }
  }
  const { describeKernels } = await import('../backends/describe-kernels.js');
  return { ...report, ...(await describeKernels()) };
}
