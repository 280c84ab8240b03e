import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger } from '../../errors/checks.js';
import { DistributedError } from '../../errors/errors.js';

/** Memory that the threads of one group share; can be posted to them as it is. */
export interface WorkerGroup {
  /** Number of ranks. */
  readonly size: number;
  /** Bytes that a rank can hand over at a time; longer arrays go in parts. */
  readonly slotBytes: number;
  /** What the ranks write to and read from. */
  readonly memory: SharedArrayBuffer;
}

/** Options of {@link workerGroup}. */
export interface WorkerGroupOptions {
  /** Bytes that a rank can hand over at a time; a multiple of 8. @defaultValue 1 MiB */
  slotBytes?: number;
}

/** Places in the control words. */
export const words = { generation: 0, arrived: 1, aborted: 2, reasonBytes: 3, firstCall: 4 } as const;

/** Words that each rank describes its call with. */
export const wordsOfCall = 3;

const reasonLimit = 2048;

function controlBytes(size: number): number {
  return 8 * Math.ceil((words.firstCall + size * wordsOfCall) / 2);
}

/** Where the first slot begins. */
export function slotOffset(size: number): number {
  return controlBytes(size) + reasonLimit;
}

/**
 * Makes the shared memory through which threads (`worker_threads`, web workers) act as ranks: post it to each, where
 * {@link workerCommunicator} makes a communicator of it.
 *
 * @param size - Number of ranks, at least 1.
 * @throws `InvalidOptionError` when `size` or `slotBytes` is outside its domain.
 * @throws `DistributedError` where memory cannot be shared, as in a page that is not cross-origin isolated.
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
      'workerGroup: SharedArrayBuffer must be there; a page needs cross-origin isolation for it. Received: none.',
    );
  }
  return { size, slotBytes, memory: new SharedArrayBuffer(slotOffset(size) + size * slotBytes) };
}

/** The control words of a group. */
export function controlWords({ memory, size }: WorkerGroup): Int32Array {
  return new Int32Array(memory, 0, controlBytes(size) / 4);
}

/**
 * Tells all ranks that one of them is gone: what they wait for then fails with a `DistributedError` that
 * gives the reason. For whoever started the threads and sees one of them die.
 *
 * @example
 * const group = workerGroup(2);
 * const onExit = (code: number) => code !== 0 && abortGroup(group, `a worker ended with code ${code}`);
 */
export function abortGroup(group: WorkerGroup, reason: string): void {
  const control = controlWords(group);
  if (Atomics.compareExchange(control, words.aborted, 0, 1) !== 0) return; // the first reason is the one that counts
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
