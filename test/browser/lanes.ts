import type { EngineName } from './engines/engine.js';

/** Tests that a lane leaves out. */
export interface LeftOut {
  /** Full names of tests that match. */
  tests?: string;
  /** Beginnings of the paths of test files. */
  files?: readonly string[];
  /** Why, as text. */
  because: string;
}

/** A way to run the tests in a browser. */
export interface BrowserLane {
  name: string;
  engine: EngineName;
  /** tfjs's name of the backend. */
  backend: string;
  /** Whether the page may share memory with workers. */
  isolated: boolean;
  /** In a worker of the page, where training belongs; else in the page itself. */
  inWorker: boolean;
  settings: Record<string, string>;
  leftOut?: LeftOut;
  /** Beginnings of the paths of the tests. Default: all that can run in a browser. */
  only?: readonly string[];
  /** A line that the page must print exactly once. */
  printsOnce?: string;
}

const largeNetworks = [
  "five steps of 'full'",
  "'resnet\\d+', width 64",
  'documented numbers of trained parameters',
  'ResNet-18 for 96x96',
].join('|');

/** Blocks of similarities are a loop on the host, the same on every backend. */
const hostBlocks = 'similarities in blocks of rows';

/** Other engines run the kernels that Chromium runs. */
export const otherEngines: LeftOut = {
  tests: largeNetworks,
  because: 'networks of full width are left to Chromium and Node, which have the same kernels',
};

/** Tests that take minutes each where the processor computes the graphics. */
export const slowGraphics: LeftOut = {
  tests: `${largeNetworks}|five steps of '(narrow|mobile)'|five steps of 'tiny'.*(adamw|lars)|${hostBlocks}`,
  because:
    'larger networks take minutes per test in software: five steps are those of the smallest, and the processor loops over blocks',
};

/** With 16-bit textures `fit` refuses to train, so these lanes only embed. */
export const halfFloats: LeftOut = {
  tests: `${largeNetworks}|gradient|finite differences|values far off zero|'resnet50'`,
  files: [
    ...['alignment', 'fine-tune', 'knn', 'label', 'online', 'retrieval'].map(
      (name) => `test/evaluation/${name}`,
    ),
    'test/losses/',
    'test/optimizers/',
    'test/training/',
  ],
  because:
    'losses, gradients and exact orders of neighbors do not fit into 16 bits, and training is refused: only embedding is tested',
};

/** WebGPU compiles each kernel again for each shape, and a step of the narrow network takes a minute. */
export const slowWebGPU: LeftOut = {
  tests: `${largeNetworks}|five steps of '(narrow|mobile)|five steps of 'tiny'.*(adamw|lars)|beyond 2048 views|${hostBlocks}`,
  files: [
    'test/distributed/',
    'test/evaluation/',
    'test/losses/nt-xent-properties',
    'test/training/bad-input',
    'test/training/callbacks',
    'test/training/checkpoints',
    'test/training/fit',
    'test/training/micro-batches',
  ],
  because:
    'a step of training takes seconds to minutes in software: only one optimizer runs, on the smallest network',
};

/** On one thread and on two, in a worker and on a page, kernels give the same bits. */
export const sameBits: LeftOut = {
  files: [
    'test/wasm/augmentation',
    'test/wasm/convolution',
    'test/wasm/depthwise',
    'test/wasm/folded-convolution',
    'test/wasm/task-shares',
  ],
  because: 'plain JavaScript takes most of their time, and chromium-wasm compares the same kernels with it',
};

/** All of them. */
export const browserLanes: readonly BrowserLane[] = [
  {
    name: 'chromium-wasm',
    engine: 'chromium',
    backend: 'wasm',
    isolated: true,
    inWorker: true,
    settings: { WASM_THREADS: '2' },
  },
  {
    name: 'chromium-wasm-page',
    engine: 'chromium',
    backend: 'wasm',
    isolated: true,
    inWorker: false,
    settings: { WASM_THREADS: '2', FURTHER_BUILD: 'on' },
    only: ['test/wasm/', 'test/browser/', 'test/training/five-steps'],
    leftOut: sameBits,
  },
  {
    name: 'chromium-wasm-1-thread',
    engine: 'chromium',
    backend: 'wasm',
    isolated: false,
    inWorker: false,
    settings: { WASM_MEMORY: 'own', WASM_THREADS: '2', FURTHER_BUILD: 'on' },
    printsOnce: 'simclr-ts/wasm runs on one thread',
    leftOut: sameBits,
  },
  {
    name: 'chromium-webgl',
    engine: 'chromium',
    backend: 'webgl',
    isolated: false,
    inWorker: false,
    settings: {},
    leftOut: slowGraphics,
  },
  {
    name: 'chromium-webgl-float16',
    engine: 'chromium',
    backend: 'webgl',
    isolated: false,
    inWorker: false,
    settings: { FLOAT16: 'on' },
    leftOut: halfFloats,
  },
  {
    name: 'chromium-webgpu',
    engine: 'chromium',
    backend: 'webgpu',
    isolated: false,
    inWorker: false,
    settings: {},
    leftOut: slowWebGPU,
  },
  {
    name: 'firefox-wasm',
    engine: 'firefox',
    backend: 'wasm',
    isolated: true,
    inWorker: true,
    settings: { WASM_THREADS: '2', FURTHER_BUILD: 'on' },
    leftOut: otherEngines,
  },
  {
    name: 'firefox-webgl',
    engine: 'firefox',
    backend: 'webgl',
    isolated: false,
    inWorker: false,
    settings: {},
    leftOut: slowGraphics,
  },
  {
    name: 'webkit-wasm',
    engine: 'webkit',
    backend: 'wasm',
    isolated: true,
    inWorker: true,
    settings: { WASM_THREADS: '2', FURTHER_BUILD: 'on' },
    leftOut: otherEngines,
  },
];
