import type { SuiteReport, SuiteRequest } from '../suite.js';

/** A page that holds the tests. */
export interface TestPage {
  /** Runs a suite in the page, or in a worker of it. */
  run(request: SuiteRequest, inWorker: boolean): Promise<SuiteReport>;
  close(): Promise<void>;
}

/** A browser under remote control. */
export interface Engine {
  /** Name and version. */
  version: string;
  /**
   * Opens the page of the tests.
   *
   * @param log - Called with the lines that it prints, where the engine tells.
   */
  open(address: string, log: (line: string) => void): Promise<TestPage>;
  close(): Promise<void>;
}

/** What test/browser/page.ts puts into the page. */
export interface PageFunctions {
  runSuite(request: SuiteRequest): Promise<SuiteReport>;
  runSuiteInWorker(request: SuiteRequest): Promise<SuiteReport>;
}

/** Its names. */
export const engineNames = ['chromium', 'firefox', 'webkit'] as const;
export type EngineName = (typeof engineNames)[number];
