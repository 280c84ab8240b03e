import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

/** Rooms whose numbers depend on the backend: their tests run on each. */
export const numericRooms = [
  'augmentations',
  'distributed',
  'evaluation',
  'interop',
  'losses',
  'models',
  'optimizers',
  'tensors',
  'training',
];

/** What depends on how the wasm kernels are built and divided. */
const kernelTests = ['wasm', 'tensors', 'optimizers/update-rules', 'training/five-steps'];

interface Settings {
  BACKEND: string;
  WASM_THREADS?: string;
  WASM_MEMORY?: 'own';
  RELAXED_SIMD?: 'off';
}

/** Tests under the settings of test/helpers/setting.ts. Plain JavaScript takes a core a file, the kernels take all cores. */
const project = (name: string, include: string[], settings: Settings, exclude: string[] = []) => ({
  extends: true as const,
  test: {
    name,
    include,
    exclude,
    ...(settings.BACKEND === 'cpu'
      ? { maxWorkers: availableParallelism(), sequence: { groupOrder: 0 } }
      : { maxWorkers: 1, sequence: { groupOrder: 1 } }),
    env: Object.fromEntries(Object.entries(settings).map(([key, value]) => [`SIMCLR_TEST_${key}`, value])),
  },
});

const kernels = (name: string, settings: Omit<Settings, 'BACKEND'>) =>
  project(
    name,
    kernelTests.map((path) => `test/${path}{/**/*,}.test.ts`),
    { BACKEND: 'wasm', ...settings },
  );

/** The kernels' other variants, for `npm run test:wasm`: a minute all together. */
const wasmVariants = [
  kernels('wasm-1-thread', { WASM_THREADS: '1', WASM_MEMORY: 'own' }),
  kernels('wasm-plain', { WASM_THREADS: '2', RELAXED_SIMD: 'off' }),
  kernels('wasm-plain-1-thread', { WASM_THREADS: '1', WASM_MEMORY: 'own', RELAXED_SIMD: 'off' }),
];

export default defineConfig({
  resolve: {
    alias: [
      { find: /^simclr-ts$/, replacement: source('index.ts') },
      { find: /^simclr-ts\/(.+)$/, replacement: source('$1/index.ts') },
    ],
  },
  test: {
    setupFiles: ['test/helpers/setup.ts'],
    pool: 'forks',
    testTimeout: 300_000,
    hookTimeout: 120_000,
    projects: [
      project('cpu', ['test/**/*.test.ts'], { BACKEND: 'cpu' }, [
        'test/browser/**',
        'test/examples-packed/**',
        'test/main/**',
        'test/mpi/jobs/**',
        'test/package/**',
        'test/runtimes/**',
        'test/studio/**',
        'test/wasm/**',
        'test/webgpu/**',
      ]),
      // Two threads also on a machine of one core: the one number that every machine tests.
      project(
        'wasm',
        [...numericRooms, 'wasm'].map((room) => `test/${room}/**/*.test.ts`),
        { BACKEND: 'wasm', WASM_THREADS: '2' },
      ),
      ...(process.env.SIMCLR_TEST_WASM_VARIANTS === '1' ? wasmVariants : []),
    ],
  },
});
