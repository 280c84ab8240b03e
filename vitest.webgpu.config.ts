import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import base from './vitest.config.js';

// WebGPU in Node, for `npm run test:webgpu`, which gets the package `webgpu` where it is not installed.
const fetched = fileURLToPath(
  new URL('./.cache/backends/webgpu/node_modules/webgpu/index.js', import.meta.url),
);
const dawn = process.env.SIMCLR_TEST_WEBGPU ?? (existsSync(fetched) ? fetched : undefined);
const alias = base.resolve!.alias as { find: RegExp; replacement: string }[];

export default defineConfig({
  ...base,
  resolve: { alias: [...alias, ...(dawn ? [{ find: /^webgpu$/, replacement: dawn }] : [])] },
  test: {
    ...base.test,
    projects: undefined as never,
    include: ['test/webgpu/**/*.test.ts'],
    env: { SIMCLR_TEST_BACKEND: 'cpu' },
    // One graphics device at a time.
    fileParallelism: false,
  },
});
