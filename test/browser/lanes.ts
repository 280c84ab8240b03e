/** A way to run the tests in Chromium. */
export interface BrowserLane {
  name: string;
  /** tfjs's name of the backend. */
  backend: string;
  /** Whether the page may share memory with workers. */
  isolated: boolean;
  /** In a worker of the page, where training belongs; else in the page itself. */
  inWorker: boolean;
  settings: Record<string, string>;
  /** Full names of tests that match are left out. */
  leaveOut?: string;
  /** Beginnings of the paths of the tests. Default: all that can run in a browser. */
  only?: readonly string[];
  /** A line that the page must print once and no more. */
  printsOnce?: string;
}

/**
 * What takes minutes a test where graphics are computed by the processor: there the narrow networks stand for the
 * full ones.
 */
export const tooSlowInSoftware = [
  "five steps of 'full'",
  "'resnet\\d+', width 64",
  'documented numbers of trained parameters',
  'ResNet-18 for 96x96',
].join('|');

/** WebGPU in software takes a minute a step of the narrow network: one optimizer stands for all. */
export const tooSlowInSoftwareWebGPU = `${tooSlowInSoftware}|five steps of .*(adamw|lars)`;

/** All of them. */
export const browserLanes: readonly BrowserLane[] = [
  {
    name: 'chromium-wasm',
    backend: 'wasm',
    isolated: true,
    inWorker: true,
    settings: { WASM_THREADS: '2' },
  },
  {
    name: 'chromium-wasm-page',
    backend: 'wasm',
    isolated: true,
    inWorker: false,
    settings: { WASM_THREADS: '2' },
    only: ['test/wasm/', 'test/browser/', 'test/training/five-steps'],
  },
  {
    name: 'chromium-wasm-1-thread',
    backend: 'wasm',
    isolated: false,
    inWorker: false,
    settings: { WASM_MEMORY: 'own', WASM_THREADS: '2' },
    printsOnce: 'simclr-ts/wasm: one thread',
  },
  {
    name: 'chromium-webgl',
    backend: 'webgl',
    isolated: false,
    inWorker: false,
    settings: {},
    leaveOut: tooSlowInSoftware,
  },
  {
    name: 'chromium-webgl-float16',
    backend: 'webgl',
    isolated: false,
    inWorker: false,
    settings: { FLOAT16: 'on' },
    leaveOut: tooSlowInSoftware,
  },
  {
    name: 'chromium-webgpu',
    backend: 'webgpu',
    isolated: false,
    inWorker: false,
    settings: {},
    leaveOut: tooSlowInSoftwareWebGPU,
  },
];
