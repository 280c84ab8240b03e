/**
 * How a run of the tests differs from the usual one. In Node each is an environment variable `SIMCLR_TEST_<name>`; in
 * a browser the runner hands them to the page.
 */
interface Settings {
  /** tfjs's name of the backend: 'cpu' (default), 'wasm', 'tensorflow', 'webgl', 'webgpu'. */
  BACKEND?: string;
  /** 'browser' in a page or a worker of one. */
  HOST?: string;
  /** Threads of the wasm kernels. Default: what users get, the number of cores. */
  WASM_THREADS?: string;
  /** 'own': the wasm backend's memory is not shared, as in a page that is not isolated. */
  WASM_MEMORY?: string;
  /** 'off': as on an engine without fused multiply-add. */
  RELAXED_SIMD?: string;
  /** 'on': WebGL keeps 16-bit floats, as on many phones. */
  FLOAT16?: string;
  /** Where a browser finds tfjs's own wasm files. */
  WASM_PATH?: string;
  /** 'on': TensorFlow must compute on a GPU. */
  CUDA?: string;
  /** Where tfjs-node is, when it is not among the packages. */
  TFJS_NODE?: string;
  /** Where the npm package `webgpu` is, when it is not among the packages. */
  WEBGPU?: string;
}

const host = globalThis as {
  simclrTestSettings?: Settings;
  process?: { env: Record<string, string | undefined> };
};

/** A setting of this run; `undefined` where it is as usual. */
export function testSetting(name: keyof Settings): string | undefined {
  const value = host.simclrTestSettings
    ? host.simclrTestSettings[name]
    : host.process?.env[`SIMCLR_TEST_${name}`];
  return value === '' ? undefined : value;
}
