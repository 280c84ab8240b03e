import { defineConfig } from 'vitest/config';
import base, { numericRooms } from './vitest.config.js';

// The numeric tests on one backend of Node's, which SIMCLR_TEST_BACKEND names: `npm run backends` runs it for each.
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    projects: undefined as never,
    include: numericRooms.map((room) => `test/${room}/**/*.test.ts`),
    testTimeout: 600_000,
    // A graphics device or a TensorFlow a process: one after the other.
    fileParallelism: false,
  },
});
