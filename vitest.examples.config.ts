import { defineConfig } from 'vitest/config';

// The examples that people copy away, run with the packed library: `npm run build` comes before them.
export default defineConfig({
  test: {
    include: ['test/examples-packed/**/*.test.ts'],
    globalSetup: ['test/examples-packed/install.ts'],
    testTimeout: 300_000,
    hookTimeout: 600_000,
    pool: 'forks',
    fileParallelism: false, // an example takes all cores
  },
});
