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

/** Release and processor of Node, where the host is Node itself: others that imitate it have their own engines. */
export function nodeRelease(): { major: number; architecture: string } | undefined {
  type Process = { arch?: string; versions?: Record<string, string | undefined> };
  const { arch, versions } = (globalThis as { process?: Process }).process ?? {};
  if (!versions?.node || !arch || versions.bun || versions.deno) return undefined;
  return { major: Number.parseInt(versions.node, 10), architecture: arch };
}

/** A variable of the process's environment, where the host has such. */
export function environmentVariable(name: string): string | undefined {
  type Process = { env?: Record<string, string | undefined> };
  return (globalThis as { process?: Process }).process?.env?.[name];
}

/** Processes that MPI's launchers say they started on this machine, of which this is one; else 1. */
export function ranksOnThisMachine(): number {
  const count = Number(
    environmentVariable('OMPI_COMM_WORLD_LOCAL_SIZE') ?? environmentVariable('MPI_LOCALNRANKS'),
  );
  return Number.isInteger(count) && count > 0 ? count : 1;
}
