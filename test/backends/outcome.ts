/** The result of a lane. */
export interface LaneOutcome {
  passed: number;
  failed: { name: string; error: string }[];
  pairsPerSecond?: number | undefined;
  /** Threads of the wasm kernels. */
  threads?: number | undefined;
  /** Which build of the wasm kernels ran. */
  wasmBuild?: string | undefined;
}
