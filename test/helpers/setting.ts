/**
 * Settings of a test run. In Node each is an environment variable `SIMCLR_TEST_<name>`; in a browser the runner passes
 * them to the page.
 */
interface Settings {
  /** tfjs's name of the backend: 'cpu' (default), 'wasm', 'tensorflow', 'webgl', 'webgpu'. */
  BACKEND?: string;
  /** 'browser' in a page or a worker of one. */
  HOST?: string;
  /** Threads of the wasm kernels. Default: the number of cores, as for users. */
  WASM_THREADS?: string;
  /** 'own': the wasm backend's memory is not shared, as in a page that is not isolated. */
  WASM_MEMORY?: string;
  /** 'off': as on an engine without fused multiply-add. */
  RELAXED_SIMD?: string;
  /**
   * 'on': the same tests ran on another build of the kernels, on another Node, or in another browser. What depends little
   * on these is tried less often.
   */
  FURTHER_BUILD?: string;
  /** 'on': WebGL keeps 16-bit floats, as on many phones. */
  FLOAT16?: string;
  /** 'on': TensorFlow must compute on a GPU. */
  CUDA?: string;
  /** The folder of tfjs-node, when it is not in node_modules. */
  TFJS_NODE?: string;
  /** The file of the npm package `webgpu`, when it is not in node_modules. */
  WEBGPU?: string;
}

const host = globalThis as {
  simclrTestSettings?: Settings;
  process?: { env: Record<string, string | undefined> };
};

/** A setting of this run; `undefined` for the default. */
export function testSetting(name: keyof Settings): string | undefined {
  const value = host.simclrTestSettings
    ? host.simclrTestSettings[name]
    : host.process?.env[`SIMCLR_TEST_${name}`];
  return value === '' ? undefined : value;
}

/** Whether {@link Settings.FURTHER_BUILD} is on. */
export const isFurtherBuild = () => testSetting('FURTHER_BUILD') === 'on';

/** Whether the backend computes on a graphics device, which compiles programs of its own for each shape. */
export const isGraphics = () => ['webgl', 'webgpu'].includes(testSetting('BACKEND') ?? '');

/**
 * How many generated cases to try, of `runs` on the processor: half on further builds, and a quarter on graphics devices.
 */
export function generatedRuns(runs: number): number {
  if (isGraphics()) return Math.ceil(runs / 4);
  return isFurtherBuild() ? Math.ceil(runs / 2) : runs;
}
