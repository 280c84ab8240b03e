import { writeSync } from 'node:fs';
import { env } from 'node:process';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import {
  type Communicator,
  type NumberArray,
  type Reduction,
  type SendableArray,
  singleProcess,
} from '../distributed/index.js';
import { checkKeys } from '../errors/check-keys.js';
import { checkInteger } from '../errors/checks.js';
import { DistributedError, InvalidOptionError } from '../errors/errors.js';
import { messageOf } from '../errors/is-error.js';
import { findLaunch } from './launch.js';
import { loadLibrary, type MPILibrary } from './library.js';

/** Options of {@link mpiCommunicator}. */
export interface MPICommunicatorOptions {
  /**
   * Path or name of the MPI library.
   *
   * @defaultValue the environment's `SIMCLR_MPI_LIBRARY`, or else what the system finds under the names of OpenMPI's
   * and MPICH's libraries
   */
  library?: string;
}

/** Polls of a barrier between two turns of the event loop. */
const pollsPerTurn = 50;

/** Milliseconds to poll without sleeping. After them the other ranks are busy, perhaps on this core. */
const spinMilliseconds = 50;

/** Milliseconds between a rank's last message and MPI_Abort, at which Hydra drops output not yet passed on. */
const abortDelay = 250;

let started: Promise<Communicator> | undefined;

/**
 * The communicator of a program that `mpirun` or `srun` started as several processes, through OpenMPI or MPICH. When the
 * program is started on its own, it is a single process, and needs neither MPI nor the package `koffi`.
 *
 * The first call initializes MPI; later calls return the same communicator. MPI ends with the process, which waits for
 * the other processes to end. A process that ends with an error ends the job, and so does `abort`.
 *
 * Operations of `synchronous` block the event loop, and so do the transfers of the others. While ranks wait for each
 * other in an operation that returns a promise, timers and signals are handled.
 *
 * @returns The communicator of all ranks of the job.
 * @throws `SimCLRError` when the process is one of several and the optional package `koffi` is not installed.
 * @throws `DistributedError` when the process is one of several and no MPI library is found, or the library belongs to
 *   another launcher.
 * @example
 * const communicator = await mpiCommunicator();
 */
export function mpiCommunicator(options: MPICommunicatorOptions = {}): Promise<Communicator> {
  checkKeys('mpiCommunicator', options, { library: 1 });
  started ??= start(options).catch((error) => {
    started = undefined;
    throw error;
  });
  return started;
}

async function start({ library = env.SIMCLR_MPI_LIBRARY }: MPICommunicatorOptions): Promise<Communicator> {
  const launch = findLaunch(env);
  if (!launch) return singleProcess();
  const mpi = await loadLibrary(launch, library);
  const { rank, size } = mpi.init();
  if (launch.size !== undefined && launch.size !== size) {
    throw new DistributedError(
      `mpiCommunicator: the MPI library must belong to the launcher; name it with { library } or SIMCLR_MPI_LIBRARY. Received: ${mpi.name}, which counts ${size} processes where the launcher started ${launch.size}.`,
    );
  }
  return new MPICommunicator(mpi, rank, size);
}

class MPICommunicator implements Communicator {
  readonly synchronous = {
    allReduce: (values: NumberArray, reduction: Reduction = 'sum') => this.mpi.allReduce(values, reduction),
    allGather: <T extends SendableArray>(values: T): T => {
      const Kind = values.constructor as new (length: number) => T;
      const all = new Kind(values.length * this.size);
      this.mpi.allGather(values, all);
      return all;
    },
  };
  private ended = false;
  private barriers = 0;
  private uncaught: unknown;

  constructor(
    private readonly mpi: MPILibrary,
    readonly rank: number,
    readonly size: number,
  ) {
    // Node prints an uncaught error after its exit event, when MPI_Abort has already ended the process.
    process.on('uncaughtExceptionMonitor', (error) => {
      this.uncaught = error;
    });
    process.once('exit', (code) => this.end(code));
  }

  async allReduce(values: NumberArray, reduction: Reduction = 'sum'): Promise<void> {
    await this.barrier();
    this.mpi.allReduce(values, reduction);
  }

  async allGather<T extends SendableArray>(values: T): Promise<T> {
    await this.barrier();
    return this.synchronous.allGather(values);
  }

  async broadcast(values: SendableArray, root = 0): Promise<void> {
    checkInteger('broadcast', 'root', root, 0);
    if (root >= this.size) {
      throw new InvalidOptionError(`broadcast: root must be less than ${this.size}. Received: root=${root}.`);
    }
    await this.barrier();
    this.mpi.broadcast(values, root);
  }

  /** Waits for all ranks without blocking the event loop, so that the transfer that follows does not wait long. */
  async barrier(): Promise<void> {
    const isDone = this.mpi.startBarrier();
    const before = this.barriers++;
    const began = performance.now();
    for (let poll = 1; !isDone(); poll++) {
      if (poll % pollsPerTurn !== 0) continue;
      // A rank that ended after this barrier began has reached it, and only its reply is still missing.
      const gone = this.mpi.findExit(before);
      if (gone !== undefined) {
        throw new DistributedError(
          `Rank ${this.rank} waits for rank ${gone}, whose program has ended: every rank must make the same calls.`,
        );
      }
      if (performance.now() - began < spinMilliseconds) await turn();
      else await sleep(1);
    }
  }

  abort(error: unknown): void {
    this.endJob((error as Partial<Error> | undefined)?.stack ?? messageOf(error), 1);
  }

  private endJob(reason: string, code: number): void {
    this.ended = true;
    writeSync(2, `Rank ${this.rank} of ${this.size} ends the job. ${reason}\n`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, abortDelay);
    this.mpi.abort(code);
  }

  private end(code: number): void {
    if (this.ended) return;
    this.ended = true;
    if (code !== 0) {
      if (this.uncaught !== undefined) this.abort(this.uncaught);
      else this.endJob(`Its program ended with code ${code}.`, code);
      return;
    }
    const others = Array.from({ length: this.size }, (_, rank) => rank).filter((rank) => rank !== this.rank);
    for (const other of others) this.mpi.sendExit(other, this.barriers);
    for (const other of others) this.mpi.awaitExit(other);
    this.mpi.finalize();
  }
}
