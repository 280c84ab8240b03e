/** The little of Node's modules that is used here; `undefined` elsewhere. No import, so that bundlers see none. */
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
