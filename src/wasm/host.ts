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

/** Processes that MPI's launchers say they started on this machine, of which this is one; else 1. */
export function ranksOnThisMachine(): number {
  type Process = { env?: Record<string, string | undefined> };
  const environment = (globalThis as { process?: Process }).process?.env ?? {};
  const count = Number(environment.OMPI_COMM_WORLD_LOCAL_SIZE ?? environment.MPI_LOCALNRANKS);
  return Number.isInteger(count) && count > 0 ? count : 1;
}
