import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { readsSynchronously } from '../backends/test-files.js';
import { browserTestFiles, bundleTests } from './bundle.js';
import { findChromium, graphicsFlags } from './chromium.js';
import type { BrowserLane } from './lanes.js';
import { servePage } from './server.js';
import type { SuiteReport, SuiteRequest } from './suite.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Folder that the page is served from. Each process has one, because two runs may be under way. */
const bundle = join(root, `.cache/browser-tests-${process.pid}`);
/** Folder of tfjs's own wasm files. */
const wasmFiles = join(root, 'node_modules/@tensorflow/tfjs-backend-wasm/wasm-out');

export interface RunLaneOptions {
  /** Which test files. Default: all that can run in a browser. */
  only?: (path: string) => boolean;
  /** Called with the lines that the page prints. */
  log?: (line: string) => void;
  /** Measures the pairs per second of training before the tests. */
  measure?: boolean;
}

/** A Chromium with the tests at hand. */
export interface TestBrowser {
  version: string;
  runLane(lane: BrowserLane, options?: RunLaneOptions): Promise<SuiteReport>;
  close(): Promise<void>;
}

interface PageFunctions {
  runSuite(request: SuiteRequest): Promise<SuiteReport>;
  runSuiteInWorker(request: SuiteRequest): Promise<SuiteReport>;
}

/** Bundles the tests, serves them and starts Chromium. */
export async function openBrowser(): Promise<TestBrowser> {
  const executablePath = findChromium();
  await rm(bundle, { recursive: true, force: true });
  await bundleTests(root, bundle);
  const server = await servePage([bundle, wasmFiles]);
  const browser = await chromium.launch({ executablePath, args: graphicsFlags });

  async function runLane(
    lane: BrowserLane,
    { only = () => true, log, measure = false }: RunLaneOptions = {},
  ): Promise<SuiteReport> {
    const { name, backend, isolated, inWorker, settings, leftOut, printsOnce } = lane;
    const files = browserTestFiles(root).filter((path) => only(path) && belongs(path, lane));
    let printed = 0;
    const context = await browser.newContext();
    try {
      const page = await context.newPage();
      const address = server.address(isolated);
      page.on('console', (message) => {
        if (printsOnce !== undefined && message.text().includes(printsOnce)) printed++;
        log?.(message.text());
      });
      const died = new Promise<never>((_, reject) => {
        page.on('crash', () => reject(new Error(`${name}: the page crashed`)));
      });
      await page.goto(address, { waitUntil: 'load' });
      const request: SuiteRequest = {
        settings: { HOST: 'browser', BACKEND: backend, WASM_PATH: address, ...settings },
        files,
        measure,
        ...(leftOut?.tests === undefined ? {} : { leaveOut: leftOut.tests }),
      };
      const running = page.evaluate(
        ({ request, inWorker }) => {
          const { runSuite, runSuiteInWorker } = globalThis as unknown as PageFunctions;
          return (inWorker ? runSuiteInWorker : runSuite)(request);
        },
        { request, inWorker },
      );
      const report = await Promise.race([running, died]);
      if (printsOnce !== undefined && printed !== 1) {
        report.failed.push({
          name: `${name}: prints '${printsOnce}'`,
          error: `printed ${printed} times, not once`,
        });
      }
      return report;
    } finally {
      await context.close().catch(() => {}); // a browser that died has no contexts; its error says more
    }
  }

  return {
    version: browser.version(),
    runLane,
    async close() {
      await browser.close();
      server.close();
      await rm(bundle, { recursive: true, force: true });
    },
  };
}

/** The wasm kernels' own tests belong to the wasm lanes, those of the threads where memory is shared. */
function belongs(path: string, { backend, isolated, only, leftOut, settings }: BrowserLane): boolean {
  if (leftOut?.files?.some((start) => path.startsWith(start))) return false;
  if (only && !only.some((start) => path.startsWith(start))) return false;
  if (backend === 'webgpu' && readsSynchronously(root, path)) return false;
  if (path.startsWith('test/browser/webgl')) {
    return backend === 'webgl' && path.includes('float16') === (settings.FLOAT16 === 'on');
  }
  const room = dirname(path);
  if (room === 'test/browser') return backend === 'wasm' && isolated;
  return room !== 'test/wasm' || backend === 'wasm';
}
