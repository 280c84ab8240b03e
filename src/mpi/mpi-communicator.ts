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

/** Looks at a barrier between two turns of the event loop. */
const looks = 50;

/** How long to look without rest, in milliseconds: then the others are busy, perhaps on this core. */
const impatience = 50;

/** Milliseconds between a rank's last words and MPI_Abort, at which Hydra drops what it has not yet passed on. */
const lastWords = 250;

let started: Promise<Communicator> | undefined;

/**
 * The communicator of a program that `mpirun` or `srun` started on several processes, through OpenMPI or MPICH. Started
 * by itself, the same program is one process, and neither MPI nor the package `koffi` is looked for.
 *
 * MPI begins with the first call (later ones give the same communicator) and ends with the process, which waits
 * for the others to end too. A process that ends with an error takes the job down; so does `abort`.
 *
 * `synchronous` operations, and the transfers of the others, block the event loop; while ranks wait for each other in
 * one that gives a promise, timers and signals have their turn.
 *
 * @returns The communicator of all ranks of the job.
 * @throws `SimCLRError` when started as one of several and the optional package `koffi` is not installed.
 * @throws `DistributedError` when started as one of several and no MPI library is found, or that of another launcher.
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
      `mpiCommunicator: the MPI library must belong to the launcher; name it with { library } or SIMCLR_MPI_LIBRARY. Received: ${mpi.name}, which knows of ${size} processes where the launcher started ${launch.size}.`,
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
    // Node prints what nobody caught after its exit event, when MPI_Abort has ended the process already.
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

  /** What follows it does not wait for long: all are there. */
  async barrier(): Promise<void> {
    const isDone = this.mpi.startBarrier();
    const before = this.barriers++;
    const began = performance.now();
    for (let look = 1; !isDone(); look++) {
      if (look % looks !== 0) continue;
      // One that left after this barrier began has come to it: what is missing then is only its echo.
      const gone = this.mpi.findGoodbye(before);
      if (gone !== undefined) {
        throw new DistributedError(
          `Rank ${this.rank} waits for rank ${gone}, which has come to the end of its program: every rank must make the same calls.`,
        );
      }
      if (performance.now() - began < impatience) await turn();
      else await sleep(1);
    }
  }

  abort(error: unknown): void {
    this.endJob((error as Partial<Error> | undefined)?.stack ?? messageOf(error), 1);
  }

  private endJob(reason: string, code: number): void {
    this.ended = true;
    writeSync(2, `Rank ${this.rank} of ${this.size} ends the job. ${reason}\n`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, lastWords);
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
    for (const other of others) this.mpi.sayGoodbye(other, this.barriers);
    for (const other of others) this.mpi.awaitGoodbye(other);
    this.mpi.finalize();
  }
}
