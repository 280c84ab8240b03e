import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger } from '../../errors/checks.js';
import { DistributedError } from '../../errors/errors.js';

/** Memory that the threads of one group share. Post it to them as it is. */
export interface WorkerGroup {
  /** Number of ranks. */
  readonly size: number;
  /** Bytes that a rank can send at a time. Longer arrays are sent in parts. */
  readonly slotBytes: number;
  /** The memory that the ranks write to and read from. */
  readonly memory: SharedArrayBuffer;
}

/** Options of {@link workerGroup}. */
export interface WorkerGroupOptions {
  /** Bytes that a rank can send at a time, a multiple of 8. @defaultValue 1 MiB */
  slotBytes?: number;
}

/** Indices of the control words. */
export const words = { generation: 0, arrived: 1, aborted: 2, reasonBytes: 3, firstCall: 4 } as const;

/** Number of words in which each rank describes its call. */
export const wordsOfCall = 3;

const reasonLimit = 2048;

function controlBytes(size: number): number {
  return 8 * Math.ceil((words.firstCall + size * wordsOfCall) / 2);
}

/** Offset of the first slot in bytes. */
export function slotOffset(size: number): number {
  return controlBytes(size) + reasonLimit;
}

/**
 * Makes the shared memory through which threads (`worker_threads`, web workers) act as ranks. Post it to each thread and pass
 * it to {@link workerCommunicator} there.
 *
 * @param size - Number of ranks, at least 1.
 * @throws `InvalidOptionError` when `size` or `slotBytes` is outside its domain.
 * @throws `DistributedError` when memory cannot be shared, as in a page that is not cross-origin isolated.
 * @example
 * const group = workerGroup(2);
 * //=> new Worker(program, { workerData: { group, rank: 0 } }), and one more
 */
export function workerGroup(size: number, options: WorkerGroupOptions = {}): WorkerGroup {
  checkKeys('workerGroup', options, { slotBytes: 1 });
  const { slotBytes = 2 ** 20 } = options;
  checkInteger('workerGroup', 'size', size);
  checkInteger('workerGroup', 'slotBytes / 8', slotBytes / 8);
  if (typeof SharedArrayBuffer === 'undefined') {
    throw new DistributedError(
      'workerGroup: SharedArrayBuffer must be available; a page needs cross-origin isolation for it. Received: none.',
    );
  }
  return { size, slotBytes, memory: new SharedArrayBuffer(slotOffset(size) + size * slotBytes) };
}

/** The control words of a group. */
export function controlWords({ memory, size }: WorkerGroup): Int32Array {
  return new Int32Array(memory, 0, controlBytes(size) / 4);
}

/**
 * Tells all ranks that one of them has ended: their pending operations fail with a `DistributedError` that gives the reason.
 * Call it from the program that started the threads when it sees one of them die.
 *
 * @example
 * const group = workerGroup(2);
 * const onExit = (code: number) => code !== 0 && abortGroup(group, `a worker ended with code ${code}`);
 */
export function abortGroup(group: WorkerGroup, reason: string): void {
  const control = controlWords(group);
  if (Atomics.compareExchange(control, words.aborted, 0, 1) !== 0) return; // only the first reason counts
  const bytes = new TextEncoder().encode(reason).subarray(0, reasonLimit);
  new Uint8Array(group.memory, slotOffset(group.size) - reasonLimit, bytes.length).set(bytes);
  Atomics.store(control, words.reasonBytes, bytes.length);
  Atomics.store(control, words.aborted, 2);
  Atomics.notify(control, words.generation);
}

/** @throws `DistributedError` when the group was aborted. */
export function checkAlive(group: WorkerGroup, control: Int32Array): void {
  if (Atomics.load(control, words.aborted) !== 2) return;
  const length = Atomics.load(control, words.reasonBytes);
  const bytes = new Uint8Array(group.memory, slotOffset(group.size) - reasonLimit, length).slice();
  throw new DistributedError(`The ranks were told to end: ${new TextDecoder().decode(bytes)}`);
}
