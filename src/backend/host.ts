/** The few Node modules used here; `undefined` elsewhere. Not imported, so that bundlers do not see them. */
interface NodeModules {
  'node:fs': { readFileSync(path: string, encoding: 'utf8'): string };
  'node:os': { availableParallelism(): number };
  'node:v8': { setFlagsFromString(flags: string): void };
  'node:worker_threads': {
    Worker: new (
      code: string,
      options: { eval: true; workerData: unknown; execArgv: []; env: Record<string, string> },
    ) => {
      on(event: 'error' | 'exit', listener: (reason: unknown) => void): void;
      unref(): void;
      terminate(): Promise<number>;
    };
  };
}

/** A module of Node's, where the host is Node or has its modules, as Bun and Deno do. */
export function nodeModule<K extends keyof NodeModules>(name: K): NodeModules[K] | undefined {
  type Process = { getBuiltinModule?(name: string): NodeModules[K] | undefined };
  return (globalThis as { process?: Process }).process?.getBuiltinModule?.(name);
}

/** Release and processor of Node, where the host is Node itself: hosts that imitate it have engines of their own. */
export function nodeRelease(): { major: number; architecture: string } | undefined {
  type Process = { arch?: string; versions?: Record<string, string | undefined> };
  const { arch, versions } = (globalThis as { process?: Process }).process ?? {};
  if (!versions?.node || !arch || versions.bun || versions.deno) return undefined;
  return { major: Number.parseInt(versions.node, 10), architecture: arch };
}

/** A variable of the process's environment, where the host has such and allows to read it. */
export function environmentVariable(name: string): string | undefined {
  type Process = { env?: Record<string, string | undefined> };
  try {
    return (globalThis as { process?: Process }).process?.env?.[name];
  } catch {
    return undefined; // Deno without the permission
  }
}
