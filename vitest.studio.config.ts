import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const minutesLong = ['test/studio/long.test.ts', 'test/studio/cifar10.test.ts'];
const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

// The studio as it is built, driven in Chromium as a person would. `--project quick` leaves out what trains for minutes.
export default defineConfig({
  resolve: {
    alias: [
      { find: /^simclr-ts$/, replacement: source('index.ts') },
      { find: /^simclr-ts\/(.+)$/, replacement: source('$1/index.ts') },
    ],
  },
  test: {
    globalSetup: ['test/studio/build.ts'],
    pool: 'forks',
    fileParallelism: false, // one browser at a time has the cores
    testTimeout: 300_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: { name: 'quick', include: ['test/studio/*.test.ts'], exclude: minutesLong },
      },
      { extends: true, test: { name: 'long', include: minutesLong } },
    ],
  },
});
