/** What this library uses of a WebGPU adapter. */
export interface Adapter {
  features: { has(name: string): boolean };
  limits: Record<string, number>;
  isFallbackAdapter?: boolean;
  info?: Partial<Record<'vendor' | 'architecture' | 'device' | 'description', string>> & {
    isFallbackAdapter?: boolean;
  };
  requestDevice(descriptor: object): Promise<object>;
}

/** WebGPU. */
export interface GPU {
  requestAdapter(options: object): Promise<Adapter | null>;
}

/** WebGPU where it was found. */
export interface FoundGPU {
  gpu: GPU;
  /** Shows it to TensorFlow.js the way a browser does: its backend looks there and nowhere else. */
  show(): void;
}

/** That of the package, for another start: a process that has had two of them can crash when it ends. */
let instance: WeakRef<GPU> | undefined;

/** What {@link FoundGPU.show} showed in Node, where it is ours to take away. */
let shown: GPU | undefined;

const host = globalThis as unknown as {
  navigator?: { gpu?: GPU };
  process?: { versions?: { node?: string } };
};

/** Whether this is Node, which has no WebGPU of its own. */
export function isNode(): boolean {
  return host.process?.versions?.node !== undefined;
}

/**
 * The browser's WebGPU; in Node that of the npm package `webgpu`. `undefined` where neither can be.
 *
 * @throws what importing the package throws.
 */
export async function findGPU(): Promise<FoundGPU | undefined> {
  const own = host.navigator?.gpu;
  if (own) return { gpu: own, show: () => {} };
  if (!isNode()) return undefined;
  const name = 'webgpu'; // by a variable: neither compiler nor bundler is to look for it
  const dawn = (await import(
    /* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ name
  )) as { create(flags: string[]): GPU; globals: object };
  const gpu = instance?.deref() ?? dawn.create([]);
  instance = new WeakRef(gpu);
  return {
    gpu,
    show() {
      Object.assign(globalThis, dawn.globals);
      // Node 20 has no `navigator` at all.
      if (!host.navigator) Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
      Object.defineProperty(host.navigator, 'gpu', { value: gpu, configurable: true });
      shown = gpu;
    },
  };
}

/** Takes away what was shown, so that nothing holds the instance of the package: it may keep the process alive. */
export function hideGPU(): void {
  if (shown !== undefined && host.navigator?.gpu === shown) delete host.navigator.gpu;
  shown = undefined;
}
