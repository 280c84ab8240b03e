import { testSetting } from './setting.js';

/**
 * How far results may differ on a backend, relative to the largest, where a test would allow less. 0: the tests' own
 * tolerances hold, and computing twice gives the same bits.
 */
export const backendTolerances: Readonly<Record<string, number>> = {
  cpu: 0,
  wasm: 0,
  tensorflow: 0,
  // The order of sums, and therefore their rounding, depends on the layout of a tensor in its texture.
  webgl: 2e-5,
  'webgl-float16': 5e-2,
  webgpu: 2e-5,
};

/** The smallest tolerance on this run's backend. */
export function backendTolerance(): number {
  const backend = testSetting('BACKEND') ?? 'cpu';
  return backendTolerances[testSetting('FLOAT16') === 'on' ? `${backend}-float16` : backend] ?? 0;
}
