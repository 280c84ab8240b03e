/**
 * Runs the tests of WebGPU in Node, on the graphics adapter of the machine or on the one in software that Debian's
 * package chromium has:
 *
 *     npm run lane -- webgpu
 *     npm run lane -- webgpu -t 'lost'        words for vitest
 *
 * Downloads the npm package `webgpu` (132 MB) into .cache unless it is installed, and fails when it cannot.
 */
import { spawnSync } from 'node:child_process';
import { prepareWebGPU } from '../backends/node-lanes.js';

const environment = await prepareWebGPU().catch((error: Error) => {
  console.error(`webgpu: NOT TESTED: ${error.message}`);
  process.exit(1);
});
if (
  process.platform === 'linux' &&
  environment.VK_DRIVER_FILES === undefined &&
  !process.env.VK_DRIVER_FILES
) {
  console.warn(
    'webgpu: no Vulkan in software was found (Debian: apt-get install chromium); trying the own driver.',
  );
}
const words = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'webgpu'];
const { status } = spawnSync(process.execPath, [...words, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, ...environment },
});
process.exitCode = status ?? 1;
