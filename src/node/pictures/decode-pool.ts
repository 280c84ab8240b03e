import { Worker } from 'node:worker_threads';
import { availableCores } from '../../backend/available-cores.js';
import type { CutViews, DecodePictures, EncodedPicture, Picture, PictureToCut } from '../../data/index.js';
import { checkKeys } from '../../errors/check-keys.js';
import { checkInteger } from '../../errors/checks.js';
import { DataError, SimCLRError } from '../../errors/errors.js';
import { isError, messageOf } from '../../errors/is-error.js';
import { findPackage } from '../backends/optional-package.js';
import { toFileName } from '../files/file-path.js';
import { unreadable } from '../files/read-bytes.js';
import {
  type DecodeImageOptions,
  type DecodePlan,
  decodePlan,
  loadSharp,
  undecodable,
} from './decode-image.js';
import {
  type Cutting,
  type DecodeOutcome,
  type DecodeReply,
  type DecodeRequest,
  type DecodeWorkerData,
  decodeWorkerCode,
  type FileToIdentify,
} from './decode-worker.js';

/** Options of {@link decodePool}. */
export interface DecodePoolOptions extends DecodeImageOptions {
  /**
   * Number of threads. Integer >= 1.
   *
   * @defaultValue one less than the cores that this process may use, from 1 to 4
   */
  workers?: number;
}

/** Decodes pictures on other threads. Pass it to `imageStream` as the option `decode`. */
export interface DecodePool extends DecodePictures {
  /** Cuts the random crops of training out of the whole pictures. */
  readonly cut: CutViews;
  /** Ends the threads and abandons pictures under way. Optional: idle threads end by themselves. */
  close(): Promise<void>;
}

/** A file that was read: its hash, and its picture, where it was to be decoded. */
export type IdentifiedFile =
  | { kind: 'unread'; code: string | undefined; message: string }
  /** Where its thread has died, the hash is not known. */
  | { kind: 'undecodable'; hash: string | undefined; error: DataError }
  | { kind: 'skipped'; hash: string }
  | { kind: 'decoded'; hash: string; picture: Picture };

/** A {@link DecodePool} that can also tell files by their contents. */
export interface IdentifyingPool extends DecodePool {
  /** Reads files once, on other threads, for their hash and for their pixels. */
  identify(files: readonly FileToIdentify[]): Promise<IdentifiedFile[]>;
}

type AnyPicture = EncodedPicture | PictureToCut | FileToIdentify;

/** Pictures that one thread is to decode. */
interface Job {
  id: number;
  pictures: readonly AnyPicture[];
  /** The views to cut. Without it, whole pictures are decoded. */
  cutting: Cutting | undefined;
  /** Whether a thread has already died of this job. */
  suspect: boolean;
  resolve(outcomes: DecodeOutcome[]): void;
  reject(error: unknown): void;
}

/** One thread, started when it is needed, with its queue of jobs. */
interface Slot {
  worker?: Worker | undefined;
  jobs: Map<number, Job>;
  idle?: NodeJS.Timeout | undefined;
}

/** Milliseconds after which an idle thread ends. */
const idleMilliseconds = 10_000;

/** Pictures under way per thread: one is read from disk, and told by its contents, while two others are decoded. */
const picturesAtOnce = 3;

/** The location of sharp. Threads resolve packages from the working directory, which may not be that of this file. */
function locateSharp(caller: string): string {
  const file = findPackage('sharp');
  if (file !== undefined) return file;
  throw new SimCLRError(
    `${caller}: the package sharp must be found by other threads; install it beside simclr-ts, or set workers: 0. Received: it is not found.`,
  );
}

/** The bytes in a buffer of their own, because sending a part of a larger buffer would send all of it. */
function portable(caller: string, picture: AnyPicture): AnyPicture {
  const { name, bytes } = picture;
  const { words, image, unless } = picture as Partial<PictureToCut & FileToIdentify>;
  return {
    name: bytes || image ? name : toFileName(caller, 'name', name),
    ...(bytes && { bytes: bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes) }),
    ...(words && { words }),
    ...(image && { image }),
    ...(unless && { unless }),
  };
}

class Pool {
  private readonly slots: Slot[];
  private nextId = 0;
  private closed = false;

  constructor(
    private readonly caller: string,
    private readonly plan: DecodePlan,
    workers: number,
  ) {
    this.slots = Array.from({ length: workers }, () => ({ jobs: new Map() }));
  }

  /** One outcome per picture. */
  async decode(
    pictures: readonly AnyPicture[],
    cutting: Cutting | undefined,
    signal?: AbortSignal,
  ): Promise<DecodeOutcome[]> {
    // On Linux, the main thread must load sharp before any other does.
    await loadSharp(this.caller);
    if (this.closed) {
      throw new SimCLRError(`${this.caller}: the pool must be open. Received: a call after close().`);
    }
    for (const { name, bytes } of pictures) if (!bytes) toFileName(this.caller, 'name', name);
    const perJob = Math.max(1, Math.ceil(pictures.length / this.slots.length));
    const parts: Promise<DecodeOutcome[]>[] = [];
    for (let start = 0; start < pictures.length; start += perJob) {
      parts.push(this.submit(pictures.slice(start, start + perJob), cutting, false, signal));
    }
    return (await Promise.all(parts)).flat();
  }

  async close(): Promise<void> {
    this.closed = true;
    const error = new SimCLRError(`${this.caller}: close() ended the threads. Received: work under way.`);
    const ends = this.slots.map((slot) => {
      for (const job of slot.jobs.values()) job.reject(error);
      slot.jobs.clear();
      return this.end(slot);
    });
    await Promise.all(ends);
  }

  private submit(
    pictures: readonly EncodedPicture[],
    cutting: Cutting | undefined,
    suspect: boolean,
    signal?: AbortSignal,
  ): Promise<DecodeOutcome[]> {
    return new Promise((resolve, reject) => {
      const load = ({ jobs }: Slot) => [...jobs.values()].reduce((sum, job) => sum + job.pictures.length, 0);
      const slot = this.slots.reduce((least, other) => (load(other) < load(least) ? other : least));
      const job: Job = { id: this.nextId++, pictures, cutting, suspect, resolve, reject };
      slot.jobs.set(job.id, job);
      this.post(slot, job);
      if (!signal) return;
      const cancel = () => {
        // It may have moved to another thread meanwhile.
        const holder = this.slots.find(({ jobs }) => jobs.delete(job.id));
        if (!holder) return;
        holder.worker?.postMessage({ cancel: job.id } satisfies DecodeRequest);
        this.rest(holder);
        reject(signal.reason);
      };
      if (signal.aborted) cancel();
      else {
        signal.addEventListener('abort', cancel, { once: true });
        const forget = () => signal.removeEventListener('abort', cancel);
        job.resolve = (results) => {
          forget();
          resolve(results);
        };
        job.reject = (error) => {
          forget();
          reject(error);
        };
      }
    });
  }

  private post(slot: Slot, { id, pictures, cutting }: Job): void {
    clearTimeout(slot.idle);
    slot.worker ??= this.start(slot);
    slot.worker.ref(); // the process must live until the answer comes
    slot.worker.postMessage({
      id,
      pictures: pictures.map((picture) => portable(this.caller, picture)),
      cutting,
    } satisfies DecodeRequest);
  }

  private start(slot: Slot): Worker {
    const workerData: DecodeWorkerData = {
      sharp: locateSharp(this.caller),
      plan: this.plan,
      concurrency: picturesAtOnce,
    };
    // The options of the process, also those in the environment, are not for this program: it needs no loader, and
    // --input-type would change what kind of module its text is.
    const env = { ...process.env, NODE_OPTIONS: '' };
    const worker = new Worker(decodeWorkerCode, { eval: true, workerData, execArgv: [], env });
    let reason: string | undefined;
    worker.on('message', (reply: DecodeReply) => this.receive(slot, reply));
    worker.on('error', (error) => {
      reason = messageOf(error);
    });
    worker.on('exit', (code) => {
      if (slot.worker !== worker) return; // ended on purpose
      slot.worker = undefined;
      this.recover(slot, reason ?? `exit code ${code}`);
    });
    return worker;
  }

  private receive(slot: Slot, reply: DecodeReply): void {
    if ('fatal' in reply) {
      const error = new SimCLRError(
        `${this.caller}: the package sharp must load on other threads. Received: it does not (${reply.fatal}).`,
      );
      for (const job of slot.jobs.values()) job.reject(error);
      slot.jobs.clear();
      void this.end(slot);
      return;
    }
    const job = slot.jobs.get(reply.id);
    if (!job) return;
    slot.jobs.delete(reply.id);
    this.rest(slot);
    job.resolve(reply.outcomes);
  }

  /**
   * Recovers from the death of a thread: the pictures of the first job, which was under way, are tried one by one, so
   * that only the one at fault is lost if it happens again.
   */
  private recover(slot: Slot, reason: string): void {
    const [first, ...others] = slot.jobs.values();
    slot.jobs.clear();
    if (!first) return;
    if (first.suspect) {
      first.resolve([{ failed: 'thread', message: reason, bytes: 0 }]);
    } else {
      const singles = first.pictures.map((picture) => this.submit([picture], first.cutting, true));
      Promise.all(singles).then((results) => first.resolve(results.flat()), first.reject);
    }
    for (const job of others) {
      slot.jobs.set(job.id, job);
      this.post(slot, job);
    }
  }

  /** Lets the process end while the thread is idle, and ends the thread after a while. */
  private rest(slot: Slot): void {
    if (slot.jobs.size > 0) return;
    slot.worker?.unref();
    clearTimeout(slot.idle);
    slot.idle = setTimeout(() => void this.end(slot), idleMilliseconds).unref();
  }

  private async end(slot: Slot): Promise<void> {
    clearTimeout(slot.idle);
    const { worker } = slot;
    slot.worker = undefined;
    await worker?.terminate();
  }
}

/**
 * Reads and decodes pictures on threads of their own, so that the next batches are prepared while a training step keeps
 * the calling thread busy. The threads start when they are needed, end after ten idle seconds, and do not keep the
 * process alive. A thread that dies is replaced; a picture of which it dies twice gives a `DataError`.
 *
 * When an `imageStream` is used for training, the threads cut the random crops out of the whole pictures, whatever the
 * `size`.
 *
 * Decoding itself runs on libuv's thread pool, which has four threads. On machines with many cores, set the environment
 * variable `UV_THREADPOOL_SIZE` to more before Node starts.
 *
 * @throws `InvalidOptionError` when an option is outside its domain. The pool then throws `SimCLRError` when the
 *   optional package `sharp` is not installed, and after `close()`.
 * @example
 * const decode = decodePool({ size: 96 });
 * await simclr.fit(imageStream(records, { decode }), { batchSize: 64 });
 */
export function decodePool(options: DecodePoolOptions = {}): DecodePool {
  checkKeys('decodePool', options, { workers: 1, size: 1, fit: 1, background: 1, maxPixels: 1 });
  const { workers = defaultWorkers() } = options;
  checkInteger('decodePool', 'workers', workers);
  return makePool('decodePool', decodePlan('decodePool', options), workers);
}

/** The default number of threads: leaves a core to training. */
export function defaultWorkers(): number {
  return Math.min(4, Math.max(1, availableCores() - 1));
}

/** Why there is no picture. */
function errorOf(
  caller: string,
  { name, bytes }: EncodedPicture,
  outcome: Extract<DecodeOutcome, { failed: string }>,
): DataError {
  if (outcome.failed === 'thread') {
    const message = `${caller}: a picture must decode without ending its thread. Received: path=${JSON.stringify(name)} (${outcome.message}).`;
    return new DataError(message, name);
  }
  if (outcome.failed === 'read' && !bytes) return unreadable(caller, name, outcome);
  return undecodable(caller, name, outcome.bytes, outcome);
}

/** {@link decodePool} in the name of another function. */
export function makePool(caller: string, plan: DecodePlan, workers: number): IdentifyingPool {
  const pool = new Pool(caller, plan, workers);
  const resultOf = (picture: EncodedPicture, outcome: DecodeOutcome) =>
    'failed' in outcome ? errorOf(caller, picture, outcome) : outcome.images;
  const decode: DecodePictures = async (pictures, signal) => {
    const outcomes = await pool.decode(pictures, undefined, signal);
    return outcomes.map((outcome, i) => {
      const result = resultOf(pictures[i]!, outcome);
      return isError(result, 'DataError') ? result : result[0]!;
    });
  };
  return Object.assign(decode, {
    cut: (async (pictures, crops, options = {}) => {
      checkKeys(`${caller}.cut`, options, { keep: 1, signal: 1 });
      const { keep = false, signal } = options;
      const outcomes = await pool.decode(pictures, { crops, keep }, signal);
      return outcomes.map((outcome, i) => resultOf(pictures[i]!, outcome));
    }) satisfies CutViews,
    identify: async (files: readonly FileToIdentify[]) => {
      const outcomes = await pool.decode(files, undefined);
      return outcomes.map((outcome, i): IdentifiedFile => {
        const { hash } = outcome;
        if ('failed' in outcome) {
          const { failed, code, message } = outcome;
          if (failed === 'read') return { kind: 'unread', code, message };
          return { kind: 'undecodable', hash, error: errorOf(caller, files[i]!, outcome) };
        }
        const [picture] = outcome.images;
        return picture ? { kind: 'decoded', hash: hash!, picture } : { kind: 'skipped', hash: hash! };
      });
    },
    close: () => pool.close(),
  });
}
