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
  leaveOut?: string;
}

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
    name: 'chromium-wasm-1-thread',
    backend: 'wasm',
    isolated: false,
    inWorker: false,
    settings: { WASM_MEMORY: 'own', WASM_THREADS: '1' },
  },
  { name: 'chromium-webgl', backend: 'webgl', isolated: false, inWorker: false, settings: {} },
  {
    name: 'chromium-webgl-float16',
    backend: 'webgl',
    isolated: false,
    inWorker: false,
    settings: { FLOAT16: 'on' },
  },
  { name: 'chromium-webgpu', backend: 'webgpu', isolated: false, inWorker: false, settings: {} },
];
