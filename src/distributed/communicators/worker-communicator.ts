import { RunningTimeout } from '../../backend/running-timeout.js';
import { yieldToEventLoop } from '../../backend/yield-to-event-loop.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger, checkPositive } from '../../errors/checks.js';
import { DistributedError, InvalidOptionError } from '../../errors/errors.js';
import { messageOf } from '../../errors/is-error.js';
import type { Communicator, NumberArray, Reduction, SendableArray } from './communicator.js';
import {
  abortGroup,
  checkAlive,
  controlWords,
  slotOffset,
  type WorkerGroup,
  words,
  wordsOfCall,
} from './worker-group.js';

/** Options of {@link workerCommunicator}. */
export interface WorkerCommunicatorOptions {
  /** Seconds that a rank waits for the others before it fails; pauses of the process do not count. @defaultValue `1800` */
  timeoutSeconds?: number;
}

const operations = [
  'allReduce sum',
  'allReduce max',
  'allReduce min',
  'allGather',
  'broadcast',
  'barrier',
] as const;
type Operation = (typeof operations)[number];

/** Maximum milliseconds between two polls while the process runs. */
const maxPollInterval = 1000;

const kinds = ['Float32Array', 'Float64Array', 'Int32Array', 'Uint8Array'] as const;

/** Polls before a thread sleeps: the other ranks usually arrive within microseconds. */
const spins = 2000;

/** Polls, one per turn of the event loop, before polling by a timer, which takes at least a millisecond. */
const immediatePolls = 1000;

/** Yields generations whose end to wait for, synchronously or not, as the runner of the operation prefers. */
type Steps<T> = Generator<number, T, void>;

/**
 * A communicator between threads that share memory. Each thread is a rank.
 *
 * `synchronous` blocks the thread, which browsers do not allow on a page's main thread.
 *
 * @param group - The result of {@link workerGroup}, posted to this thread.
 * @param rank - Number of this thread, from 0. Use each once.
 * @throws `InvalidOptionError` when `rank` is not in the group.
 * @example
 * const communicator = workerCommunicator(workerGroup(1), 0);
 * await communicator.allReduce(Float32Array.of(1, 2));
 */
export function workerCommunicator(
  group: WorkerGroup,
  rank: number,
  options: WorkerCommunicatorOptions = {},
): Communicator {
  checkKeys('workerCommunicator', options, { timeoutSeconds: 1 });
  checkInteger('workerCommunicator', 'rank', rank, 0);
  if (rank >= group.size) {
    throw new InvalidOptionError(
      `workerCommunicator: rank must be less than the group's size ${group.size}. Received: rank=${rank}.`,
    );
  }
  const { timeoutSeconds = 1800 } = options;
  checkPositive('workerCommunicator', 'timeoutSeconds', timeoutSeconds);
  return new WorkerCommunicator(group, rank, timeoutSeconds * 1000);
}

class WorkerCommunicator implements Communicator {
  readonly size: number;
  readonly synchronous = {
    allReduce: (values: NumberArray, reduction: Reduction = 'sum') =>
      this.runNow(this.reduceSteps(values, reduction)),
    allGather: <T extends SendableArray>(values: T) => this.runNow(this.gatherSteps(values)),
  };
  private readonly control: Int32Array;
  private running = false;

  constructor(
    private readonly group: WorkerGroup,
    readonly rank: number,
    private readonly timeout: number,
  ) {
    this.size = group.size;
    this.control = controlWords(group);
  }

  allReduce(values: NumberArray, reduction: Reduction = 'sum'): Promise<void> {
    return this.run(this.reduceSteps(values, reduction));
  }

  allGather<T extends SendableArray>(values: T): Promise<T> {
    return this.run(this.gatherSteps(values));
  }

  broadcast(values: SendableArray, root = 0): Promise<void> {
    return this.run(this.broadcastSteps(values, root));
  }

  barrier(): Promise<void> {
    return this.run(this.agreeOn('barrier', new Uint8Array(0)));
  }

  abort(error: unknown): void {
    abortGroup(this.group, `rank ${this.rank} failed: ${messageOf(error)}`);
  }

  private *reduceSteps(values: NumberArray, reduction: Reduction): Steps<void> {
    yield* this.agreeOn(`allReduce ${reduction}`, values);
    for (const part of this.parts(values)) {
      const slots = this.slots(part);
      (slots[this.rank] as Float32Array).set(part);
      yield this.arrive();
      // Each rank reduces one section, in the order of ranks, so that all get the same bits.
      const from = Math.floor((part.length * this.rank) / this.size);
      const to = Math.floor((part.length * (this.rank + 1)) / this.size);
      const result = slots[0]!;
      for (const slot of slots.slice(1)) {
        if (reduction === 'sum') for (let i = from; i < to; i++) result[i]! += slot[i]!;
        else if (reduction === 'max')
          for (let i = from; i < to; i++) result[i] = Math.max(result[i]!, slot[i]!);
        else for (let i = from; i < to; i++) result[i] = Math.min(result[i]!, slot[i]!);
      }
      yield this.arrive();
      (part as Float32Array).set(result as Float32Array);
      yield this.arrive(); // before a slot is written again
    }
  }

  private *gatherSteps<T extends SendableArray>(values: T): Steps<T> {
    yield* this.agreeOn('allGather', values);
    const Kind = values.constructor as new (length: number) => T;
    const all = new Kind(values.length * this.size);
    let offset = 0;
    for (const part of this.parts(values)) {
      const slots = this.slots(part);
      slots[this.rank]!.set(part);
      yield this.arrive();
      for (const [rank, slot] of slots.entries()) all.set(slot, rank * values.length + offset);
      offset += part.length;
      yield this.arrive();
    }
    return all;
  }

  private *broadcastSteps(values: SendableArray, root: number): Steps<void> {
    checkInteger('broadcast', 'root', root, 0);
    yield* this.agreeOn('broadcast', values);
    for (const part of this.parts(values)) {
      const slot = this.slots(part)[0]!;
      if (this.rank === root) slot.set(part);
      yield this.arrive();
      if (this.rank !== root) part.set(slot);
      yield this.arrive();
    }
  }

  /** Checks that all ranks make the same call, because different calls would mix their values. */
  private *agreeOn(operation: Operation, values: SendableArray): Steps<void> {
    const kind = Object.prototype.toString.call(values).slice(8, -1) as (typeof kinds)[number];
    const own = [operations.indexOf(operation), kinds.indexOf(kind), values.length];
    for (const [word, value] of own.entries())
      Atomics.store(this.control, this.callOf(this.rank) + word, value);
    yield this.arrive();
    for (let rank = 0; rank < this.size; rank++) {
      const [operation, kind, length] = own.map((_, word) =>
        Atomics.load(this.control, this.callOf(rank) + word),
      );
      if (operation === own[0] && kind === own[1] && length === own[2]) continue;
      const tell = (call: number[]) => `${operations[call[0]!]} of ${kinds[call[1]!]}(${call[2]})`;
      throw new DistributedError(
        `${operations[own[0]!]}: every rank must make the same call. Received: ${tell(own)} on rank ${this.rank}, ${tell([operation!, kind!, length!])} on rank ${rank}.`,
      );
    }
    yield this.arrive(); // before a call is overwritten
  }

  private callOf(rank: number): number {
    return words.firstCall + rank * wordsOfCall;
  }

  /** Views of `values` that each fit a slot. */
  private parts<T extends SendableArray>(values: T): T[] {
    const maxLength = Math.floor(this.group.slotBytes / values.BYTES_PER_ELEMENT);
    const parts: T[] = [];
    for (let from = 0; from < values.length; from += maxLength)
      parts.push(values.subarray(from, from + maxLength) as T);
    return parts;
  }

  /** The slots of all ranks as arrays of the kind and length of `part`. */
  private slots<T extends SendableArray>(part: T): T[] {
    const { memory, slotBytes, size } = this.group;
    const Kind = part.constructor as new (buffer: SharedArrayBuffer, offset: number, length: number) => T;
    return Array.from({ length: size }, (_, rank) => {
      return new Kind(memory, slotOffset(size) + rank * slotBytes, part.length);
    });
  }

  /** Signals that this rank has arrived. @returns The generation that ends once all ranks have. */
  private arrive(): number {
    const { control } = this;
    const generation = Atomics.load(control, words.generation);
    if (Atomics.add(control, words.arrived, 1) === this.size - 1) {
      Atomics.store(control, words.arrived, 0);
      Atomics.add(control, words.generation, 1);
      Atomics.notify(control, words.generation);
    }
    return generation;
  }

  private hasEnded(generation: number): boolean {
    return Atomics.load(this.control, words.generation) !== generation;
  }

  private checkWait(timeout: RunningTimeout): void {
    checkAlive(this.group, this.control);
    if (timeout.hasExpired()) {
      throw new DistributedError(
        `Rank ${this.rank} waited ${this.timeout / 1000} s for the others; has one of them ended?`,
      );
    }
  }

  private startTimeout(): RunningTimeout {
    return new RunningTimeout(this.timeout, maxPollInterval);
  }

  private begin(): void {
    if (this.running) {
      throw new DistributedError(
        'Communicator: run one operation at a time; await the previous one. Received: a second call.',
      );
    }
    checkAlive(this.group, this.control);
    this.running = true;
  }

  private runNow<T>(steps: Steps<T>): T {
    this.begin();
    try {
      for (let step = steps.next(); ; step = steps.next()) {
        if (step.done) return step.value;
        this.block(step.value);
      }
    } finally {
      this.running = false;
    }
  }

  private block(generation: number): void {
    for (let spin = 0; spin < spins; spin++) if (this.hasEnded(generation)) return;
    const timeout = this.startTimeout();
    while (!this.hasEnded(generation)) {
      this.checkWait(timeout);
      Atomics.wait(this.control, words.generation, generation, 100);
    }
  }

  private async run<T>(steps: Steps<T>): Promise<T> {
    this.begin();
    try {
      for (let step = steps.next(); ; step = steps.next()) {
        if (step.done) return step.value;
        const generation = step.value;
        const timeout = this.startTimeout();
        for (let poll = 0; !this.hasEnded(generation); poll++) {
          this.checkWait(timeout);
          if (poll < immediatePolls) await yieldToEventLoop();
          else await new Promise((resolve) => setTimeout(resolve, 1));
        }
      }
    } finally {
      this.running = false;
    }
  }
}
