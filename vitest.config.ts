import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

/** Rooms whose numbers depend on the backend: their tests run on each. */
const numericRooms = [
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

const project = (backend: string, include: string[], exclude: string[] = []) => ({
  extends: true as const,
  test: { name: backend, include, exclude, env: { SIMCLR_TEST_BACKEND: backend } },
});

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
      project(
        'cpu',
        ['test/**/*.test.ts'],
        ['test/main/**', 'test/mpi/jobs/**', 'test/package/**', 'test/studio/**', 'test/wasm/**'],
      ),
      project(
        'wasm',
        [...numericRooms, 'wasm'].map((room) => `test/${room}/**/*.test.ts`),
      ),
    ],
  },
});
