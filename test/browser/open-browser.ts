import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readsSynchronously } from '../backends/test-files.js';
import { browserTestFiles, bundleTests } from './bundle.js';
import { chromiumEngine } from './engines/chromium-engine.js';
import type { Engine, EngineName } from './engines/engine.js';
import { firefoxEngine } from './engines/firefox.js';
import { webKitEngine } from './engines/webkit-engine.js';
import type { BrowserLane } from './lanes.js';
import { servePage } from './server.js';
import type { SuiteReport, SuiteRequest } from './suite.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Folder that the page is served from. Each process has one, because two runs may be under way. */
const bundle = join(root, `.cache/browser-tests-${process.pid}`);

const launch: Record<EngineName, () => Promise<Engine>> = {
  chromium: chromiumEngine,
  firefox: firefoxEngine,
  webkit: webKitEngine,
};

export interface RunLaneOptions {
  /** Which test files. Default: all that can run in a browser. */
  only?: (path: string) => boolean;
  /** Called with the lines that the page prints. */
  log?: (line: string) => void;
  /** Measures the pairs per second of training before the tests. */
  measure?: boolean;
}

/** Browsers with the tests at hand. */
export interface TestBrowser {
  /** Runs a lane in its browser, which is started first if none is under way. */
  runLane(lane: BrowserLane, options?: RunLaneOptions): Promise<SuiteReport & { version: string }>;
  close(): Promise<void>;
}

/** Bundles the tests and serves them. */
export async function openBrowser(): Promise<TestBrowser> {
  await rm(bundle, { recursive: true, force: true });
  await bundleTests(root, bundle);
  const server = await servePage([bundle]);
  const engines = new Map<EngineName, Engine>();

  async function runLane(
    lane: BrowserLane,
    { only = () => true, log, measure = false }: RunLaneOptions = {},
  ): Promise<SuiteReport & { version: string }> {
    const { name, backend, engine: engineName, isolated, inWorker, settings, leftOut, printsOnce } = lane;
    const files = browserTestFiles(root).filter((path) => only(path) && belongs(path, lane));
    const engine = engines.get(engineName) ?? (await launch[engineName]());
    engines.set(engineName, engine);
    let printed = 0;
    const page = await engine.open(server.address(isolated), (line) => {
      if (printsOnce !== undefined && line.includes(printsOnce)) printed++;
      log?.(line);
    });
    try {
      const request: SuiteRequest = {
        settings: { HOST: 'browser', BACKEND: backend, ...settings },
        files,
        measure,
        ...(leftOut?.tests === undefined ? {} : { leaveOut: leftOut.tests }),
      };
      const report = await page.run(request, inWorker);
      if (printsOnce !== undefined && printed !== 1) {
        report.failed.push({
          name: `${name}: prints '${printsOnce}'`,
          error: `printed ${printed} times, not once`,
        });
      }
      return { ...report, version: engine.version };
    } finally {
      await page.close();
    }
  }

  return {
    runLane,
    async close() {
      for (const engine of engines.values()) await engine.close();
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
