import { defineConfig } from 'vitest/config';
import base from './vitest.config.js';

// Jobs under mpirun: an MPI library and the package koffi must be installed, see docs/scaling.md.
export default defineConfig({
  resolve: base.resolve ?? {},
  test: {
    include: ['test/mpi/jobs/**/*.test.ts'],
    setupFiles: ['test/helpers/setup.ts'],
    testTimeout: 180_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // One job at a time: they share the machine's cores.
    fileParallelism: false,
  },
});
