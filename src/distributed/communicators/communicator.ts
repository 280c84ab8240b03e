/** What can be added up. */
export type NumberArray = Float32Array | Float64Array | Int32Array;

/** What can be sent: numbers, or bytes that stand for something else. */
export type SendableArray = NumberArray | Uint8Array;

/** How the values of all ranks become one. */
export type Reduction = 'sum' | 'max' | 'min';

/** Collective operations that are done when they return; the calling thread waits for the other ranks. */
export interface SynchronousCollectives {
  /** As {@link Communicator.allReduce}. */
  allReduce(values: NumberArray, reduction?: Reduction): void;
  /** As {@link Communicator.allGather}. */
  allGather<T extends SendableArray>(values: T): T;
}

/**
 * Joins the processes (or threads) that train one model. Each is a rank, from 0 to `size - 1`.
 *
 * The operations are collective: every rank calls the same ones, in the same order, with arrays of the same kind and
 * length, and none continues before it has what it needs of the others. One after the other, never two at a time.
 * Reductions give the same bits on every rank.
 */
export interface Communicator {
  /** Number of this process. */
  readonly rank: number;
  /** Number of processes. */
  readonly size: number;
  /**
   * The same without promises, as gradients need it, which TensorFlow.js computes in one go; `undefined` where a
   * thread cannot wait.
   */
  readonly synchronous: SynchronousCollectives | undefined;
  /** Replaces each value by the sum (or the largest, the smallest) over all ranks, in place. */
  allReduce(values: NumberArray, reduction?: Reduction): Promise<void>;
  /** The values of all ranks, one after the other in the order of ranks: a new array `size` times as long. */
  allGather<T extends SendableArray>(values: T): Promise<T>;
  /** Replaces the values of all ranks by those of `root`, in place. @param root - Default 0. */
  broadcast(values: SendableArray, root?: number): Promise<void>;
  /** Resolves when every rank has called it. */
  barrier(): Promise<void>;
  /**
   * Ends what all ranks do together, because this one cannot continue: the others get an error instead of waiting for
   * ever. Under MPI the processes end.
   */
  abort(error: unknown): void;
}
