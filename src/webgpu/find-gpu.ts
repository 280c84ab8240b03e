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

/** A WebGPU implementation. */
export interface FoundGPU {
  gpu: GPU;
  /** Sets `navigator.gpu`, as in a browser: the only place where TensorFlow.js looks for WebGPU. */
  install(): void;
}

/** The instance of the npm package, for another start: a process that created two of them can crash at its end. */
let instance: WeakRef<GPU> | undefined;

/** What {@link FoundGPU.install} has set in Node. */
let installed: GPU | undefined;

const host = globalThis as unknown as {
  navigator?: { gpu?: GPU };
  process?: { versions?: { node?: string } };
};

/** Whether this is Node, which has no WebGPU of its own. */
export function isNode(): boolean {
  return host.process?.versions?.node !== undefined;
}

/**
 * The browser's WebGPU; in Node that of the npm package `webgpu`. `undefined` in a host without either.
 *
 * @throws the error of the import, when the package cannot be imported.
 */
export async function findGPU(): Promise<FoundGPU | undefined> {
  const own = host.navigator?.gpu;
  if (own) return { gpu: own, install: () => {} };
  if (!isNode()) return undefined;
  const name = 'webgpu'; // in a variable, so that neither compiler nor bundler looks for it
  const dawn = (await import(
    /* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ name
  )) as { create(flags: string[]): GPU; globals: object };
  const gpu = instance?.deref() ?? dawn.create([]);
  instance = new WeakRef(gpu);
  return {
    gpu,
    install() {
      Object.assign(globalThis, dawn.globals);
      // Node 20 has no `navigator`.
      if (!host.navigator) Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
      Object.defineProperty(host.navigator, 'gpu', { value: gpu, configurable: true });
      installed = gpu;
    },
  };
}

/** Undoes {@link FoundGPU.install}, so that nothing refers to the instance, which can keep the process alive. */
export function uninstallGPU(): void {
  if (installed !== undefined && host.navigator?.gpu === installed) delete host.navigator.gpu;
  installed = undefined;
}
