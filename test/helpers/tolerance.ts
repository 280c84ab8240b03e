import { testSetting } from './setting.js';

/**
 * By how much, relative to the largest, numbers may differ on a backend where a test would allow less. 0: the tests'
 * own tolerances hold, and what is computed twice is the same twice.
 */
export const backendTolerances: Readonly<Record<string, number>> = {
  cpu: 0,
  wasm: 0,
  tensorflow: 0,
  // The order of sums, and so their rounding, depends on how a tensor came to lie in its texture.
  webgl: 2e-5,
  'webgl-float16': 5e-2,
  webgpu: 2e-5,
};

/** The least tolerance of the backend of this run. */
export function backendTolerance(): number {
  const backend = testSetting('BACKEND') ?? 'cpu';
  return backendTolerances[testSetting('FLOAT16') === 'on' ? `${backend}-float16` : backend] ?? 0;
}
