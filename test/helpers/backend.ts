import { backend, env, ready, scalar, setBackend } from '@tensorflow/tfjs-core';
import { testSetting } from './setting.js';
import { prepareWasm } from './wasm.js';

/** Loaders by tfjs's name of the backend. */
const recipes: Record<string, () => Promise<unknown>> = {
  cpu: () => import('@tensorflow/tfjs-backend-cpu'),
  wasm: prepareWasm,
  tensorflow: async () => (await import('./node-backends.js')).loadTensorFlow(),
  webgl: async () => {
    await import('@tensorflow/tfjs-backend-webgl');
    if (testSetting('FLOAT16') === 'on') env().set('WEBGL_FORCE_F16_TEXTURES', true);
  },
  webgpu: async () => {
    // A browser has it; Node gets it from the npm package `webgpu`.
    if (testSetting('HOST') !== 'browser') (await import('./node-backends.js')).provideWebGPU();
    await import('@tensorflow/tfjs-backend-webgpu');
  },
};

/** Activates a tfjs backend for the tests that follow: 'wasm' with this library's training kernels. */
export async function useBackend(name: string): Promise<void> {
  const load = recipes[name];
  if (!load) throw new Error(`useBackend: no recipe for ${name}`);
  await load();
  if (!(await setBackend(name))) throw new Error(`useBackend: ${name} does not start here`);
  await ready();
  const { isUsingGpuDevice } = backend() as { isUsingGpuDevice?: boolean };
  if (testSetting('CUDA') === 'on' && isUsingGpuDevice !== true) {
    throw new Error('useBackend: TensorFlow finds no CUDA GPU');
  }
  // On first use the cpu backend advises another one; this flag silences it. It does not stay on, because it makes tfjs
  // look for leaks in single ops, and a custom gradient that keeps a tensor for later looks like one.
  env().set('IS_TEST', true);
  scalar(0).dispose();
  env().set('IS_TEST', false);
}
