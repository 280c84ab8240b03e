/** What child.ts is to do. */
export interface ChildTask {
  /** Folder of the checkpoints. */
  folder: string;
  backend: 'cpu' | 'wasm';
  /** Threads of the wasm backend. */
  threads: number;
  /** Steps between checkpoints; 0 = none at all. */
  everySteps: number;
  /** Step to end at. */
  until: number;
  /** Units of the hidden layers of the projection head: what decides the size of a checkpoint. */
  width: number;
  /** What goes wrong after step `faultAt`. */
  fault?: 'memory' | 'thread' | 'callback';
  faultAt?: number;
}

/** What child.ts says. */
export type ChildMessage =
  | { kind: 'resumed'; step: number }
  | { kind: 'step'; step: number }
  | { kind: 'writing'; step: number }
  | { kind: 'saved'; step: number }
  | { kind: 'damaged'; name: string; reason: string }
  | { kind: 'done'; outcome: string; step: number; hash: string }
  | { kind: 'error'; name: string; message: string };
