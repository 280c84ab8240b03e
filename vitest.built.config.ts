import { defineConfig } from 'vitest/config';

// Tests of what is built and packed, and of the commands that people run: `npm run build` comes before them.
export default defineConfig({
  test: {
    include: ['test/package/**/*.test.ts', 'test/main/**/*.test.ts', 'test/runtimes/**/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    pool: 'forks',
  },
});
