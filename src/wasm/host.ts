/** The little of Node's modules that is used here; `undefined` elsewhere. No import, so that bundlers see none. */
interface NodeModules {
  'node:v8': { setFlagsFromString(flags: string): void };
  'node:os': { availableParallelism(): number };
  'node:worker_threads': {
    Worker: new (
      code: string,
      options: { eval: true; workerData: unknown },
    ) => {
      on(event: 'error' | 'exit', listener: (reason: unknown) => void): void;
      unref(): void;
      terminate(): Promise<number>;
    };
  };
}

/** A module of Node's, where the host is Node. */
export function nodeModule<K extends keyof NodeModules>(name: K): NodeModules[K] | undefined {
  type Process = { getBuiltinModule?(name: string): NodeModules[K] | undefined };
  return (globalThis as { process?: Process }).process?.getBuiltinModule?.(name);
}

/** Processor cores that this process may use. */
export function availableCores(): number {
  const cores = nodeModule('node:os')?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency;
  return Math.max(1, cores ?? 1);
}
