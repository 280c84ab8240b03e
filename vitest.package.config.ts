import { defineConfig } from 'vitest/config';

// These tests look at dist/ and at the packed tarball: build first.
export default defineConfig({
  test: { include: ['test/package/**/*.test.ts'], testTimeout: 300_000, hookTimeout: 300_000, pool: 'forks' },
});
