/** Arrays that can be reduced. */
export type NumberArray = Float32Array | Float64Array | Int32Array;

/** Arrays that can be sent: numbers, or bytes that encode something else. */
export type SendableArray = NumberArray | Uint8Array;

/** How to combine the values of all ranks. */
export type Reduction = 'sum' | 'max' | 'min';

/** Collective operations that block the calling thread until they are done. */
export interface SynchronousCollectives {
  /** As {@link Communicator.allReduce}. */
  allReduce(values: NumberArray, reduction?: Reduction): void;
  /** As {@link Communicator.allGather}. */
  allGather<T extends SendableArray>(values: T): T;
}

/**
 * Joins the processes (or threads) that train one model. Each is a rank, from 0 to `size - 1`.
 *
 * The operations are collective: every rank must call the same ones in the same order, with arrays of the same kind and
 * length, one at a time. Each call waits for what it needs from the other ranks. Reductions give the same bits on every rank.
 */
export interface Communicator {
  /** Number of this process. */
  readonly rank: number;
  /** Number of processes. */
  readonly size: number;
  /**
   * The same operations without promises, which gradients need because TensorFlow.js computes them synchronously;
   * `undefined` if the thread cannot block.
   */
  readonly synchronous: SynchronousCollectives | undefined;
  /** Replaces each value by the sum, maximum or minimum over all ranks, in place. */
  allReduce(values: NumberArray, reduction?: Reduction): Promise<void>;
  /** Returns the values of all ranks in the order of ranks: a new array, `size` times as long. */
  allGather<T extends SendableArray>(values: T): Promise<T>;
  /** Replaces the values of all ranks by those of rank `root` (default 0), in place. */
  broadcast(values: SendableArray, root?: number): Promise<void>;
  /** Resolves when every rank has called it. */
  barrier(): Promise<void>;
  /**
   * Tells the other ranks that this one cannot continue, so that they get an error instead of waiting forever. Under MPI all
   * processes end.
   */
  abort(error: unknown): void;
}
