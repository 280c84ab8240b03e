import type { NumberArray, Reduction, SendableArray } from '../distributed/index.js';
import { shorten } from '../errors/checks.js';
import { DistributedError } from '../errors/errors.js';
import { importOptional } from '../node/backends/optional-package.js';
import type { Launch } from './launch.js';

type Library = import('koffi').LibraryHandle;

/** The MPI functions that the communicator uses, on MPI_COMM_WORLD. */
export interface MPILibrary {
  /** Name of the loaded library. */
  readonly name: string;
  /** MPI_Init, MPI_Comm_rank and MPI_Comm_size. */
  init(): { rank: number; size: number };
  /** MPI_Allreduce in place. */
  allReduce(values: NumberArray, reduction: Reduction): void;
  /** MPI_Allgather. */
  allGather(values: SendableArray, all: SendableArray): void;
  /** MPI_Bcast. */
  broadcast(values: SendableArray, root: number): void;
  /**
   * MPI_Ibarrier. Returns a function that tests whether all ranks have arrived; do not call it again once they have.
   */
  startBarrier(): () => boolean;
  /** Tells `rank` with an empty message that this rank ends after that number of barriers. */
  sendExit(rank: number, barriers: number): void;
  /** Waits for that message from `rank`. */
  awaitExit(rank: number): void;
  /**
   * A rank that has sent this message after that number of barriers, `undefined` if none has. Does not receive the
   * message.
   */
  findExit(barriers: number): number | undefined;
  /** MPI_Abort. */
  abort(code: number): void;
  /** MPI_Finalize. */
  finalize(): void;
}

/**
 * Tag of the message that a rank ends after a number of barriers. Two tags are enough, because ranks that wait for each
 * other are at most one barrier apart.
 */
const exitTag = (barriers: number) => 71 + (barriers % 2);

/** MPI_ANY_TAG: these are the only messages from one rank to another. */
const anyTag = -1;

const fileNames = {
  openmpi: ['libmpi.so.40', 'libmpi.40.dylib', 'libmpi.so', 'libmpi.dylib'],
  mpich: ['libmpich.so.12', 'libmpi.so.12', 'libmpi.12.dylib', 'libmpich.so'],
};

/** MPICH's handles are numbers, fixed by its ABI; OpenMPI's are addresses of symbols. */
const mpichHandles = {
  world: 0x44000000,
  Float32Array: 0x4c00040a,
  Float64Array: 0x4c00080b,
  Int32Array: 0x4c000405,
  Uint8Array: 0x4c00010d,
  sum: 0x58000003,
  max: 0x58000001,
  min: 0x58000002,
  inPlace: 0xffff_ffff_ffff_ffffn,
  anySource: -2,
};

const openmpiSymbols = {
  world: 'ompi_mpi_comm_world',
  Float32Array: 'ompi_mpi_float',
  Float64Array: 'ompi_mpi_double',
  Int32Array: 'ompi_mpi_int',
  Uint8Array: 'ompi_mpi_byte',
  sum: 'ompi_mpi_op_sum',
  max: 'ompi_mpi_op_max',
  min: 'ompi_mpi_op_min',
};

type Handles = Record<keyof typeof openmpiSymbols, unknown> & { inPlace: bigint; anySource: number };

/**
 * By default, OpenMPI and UCX overwrite the machine code of `munmap` and similar functions, for networks that register
 * memory, and unwind the stack from signal handlers. Neither is safe in a process with just-in-time compiled code,
 * whose frames no table describes. Variables that the user has set are kept.
 */
const environmentDefaults = {
  OMPI_MCA_memory: '^patcher',
  UCX_MEM_MMAP_HOOK_MODE: 'none',
  UCX_ERROR_SIGNALS: '',
} as const;

/**
 * Loads the MPI library that belongs to the launcher.
 *
 * @param library - Path or name of the library; left out, the usual names are tried.
 * @throws `SimCLRError` when koffi is not installed, `DistributedError` when there is no library.
 */
export async function loadLibrary(launch: Launch, library: string | undefined): Promise<MPILibrary> {
  const caller = 'mpiCommunicator';
  const { default: koffi } = await importOptional<typeof import('koffi')>(caller, 'koffi');
  for (const [name, value] of Object.entries(environmentDefaults)) process.env[name] ??= value;
  const { openmpi, mpich } = fileNames;
  const usual = launch.family === 'mpich' ? [...mpich, ...openmpi] : [...openmpi, ...mpich];
  const names = library === undefined ? usual : [library];
  const reasons: string[] = [];
  for (const name of names) {
    let loaded: Library;
    try {
      // OpenMPI's plug-ins look up its symbols in the global scope.
      loaded = koffi.load(name, { global: true });
    } catch (error) {
      reasons.push((error as Error).message);
      continue;
    }
    return bind(loaded, name);
  }
  throw new DistributedError(
    `${caller}: an MPI library must be installed, because mpirun or srun started this program; install one (Debian: libopenmpi3 or libmpich12) or name it with { library }. Received: none of ${names.join(', ')} loads (${shorten(reasons[0]!)}).`,
  );
}

function handlesOf(library: Library): { handles: Handles; type: string } {
  let world: unknown;
  try {
    world = library.symbol(openmpiSymbols.world);
  } catch {
    return { handles: mpichHandles, type: 'int' };
  }
  const symbols = Object.entries(openmpiSymbols).map(([name, symbol]) => [name, library.symbol(symbol)]);
  return { handles: { ...Object.fromEntries(symbols), world, inPlace: 1n, anySource: -1 }, type: 'void *' };
}

function bind(library: Library, name: string): MPILibrary {
  const { handles, type } = handlesOf(library);
  const declare = (signature: string) => {
    const call = library.func(`int ${signature.replaceAll('HANDLE', type)}`);
    return (...values: unknown[]) => {
      const code = call(...values) as number;
      if (code !== 0)
        throw new DistributedError(`${name}: ${signature.split('(')[0]} failed with code ${code}.`);
    };
  };
  const init = declare('MPI_Init(void *, void *)');
  const commRank = declare('MPI_Comm_rank(HANDLE, int *)');
  const commSize = declare('MPI_Comm_size(HANDLE, int *)');
  const allReduce = declare('MPI_Allreduce(void *, void *, int, HANDLE, HANDLE, HANDLE)');
  const allGather = declare('MPI_Allgather(void *, int, HANDLE, void *, int, HANDLE, HANDLE)');
  const broadcast = declare('MPI_Bcast(void *, int, HANDLE, int, HANDLE)');
  const barrier = declare('MPI_Ibarrier(HANDLE, void *)');
  const test = declare('MPI_Test(void *, void *, void *)');
  const send = declare('MPI_Send(void *, int, HANDLE, int, int, HANDLE)');
  const receive = declare('MPI_Recv(void *, int, HANDLE, int, int, HANDLE, void *)');
  const probe = declare('MPI_Iprobe(int, int, HANDLE, void *, void *)');
  const abort = declare('MPI_Abort(HANDLE, int)');
  const finalize = declare('MPI_Finalize()');

  const { world, inPlace, anySource } = handles;
  const typeOf = (values: SendableArray) => {
    const kind = Object.prototype.toString.call(values).slice(8, -1) as keyof Handles;
    const handle = handles[kind];
    if (handle === undefined) {
      throw new DistributedError(
        `Communicator: values must be float32, float64, int32 or bytes. Received: ${kind}.`,
      );
    }
    return handle;
  };
  const empty = new Uint8Array(8);
  // MPI_Status has 24 bytes; this leaves space for more. MPI_STATUS_IGNORE is not used, because it differs by library.
  const status = new Int32Array(16);
  const number = (call: (handle: unknown, out: Int32Array) => void) => {
    const out = new Int32Array(1);
    call(world, out);
    return out[0]!;
  };
  return {
    name,
    init() {
      init(null, null);
      return { rank: number(commRank), size: number(commSize) };
    },
    allReduce: (values, reduction) =>
      allReduce(inPlace, values, values.length, typeOf(values), handles[reduction], world),
    allGather: (values, all) =>
      allGather(values, values.length, typeOf(values), all, values.length, typeOf(all), world),
    broadcast: (values, root) => broadcast(values, values.length, typeOf(values), root, world),
    startBarrier() {
      const request = new BigInt64Array(1); // a pointer, or a number in its first half
      const done = new Int32Array(1);
      barrier(world, request);
      return () => {
        test(request, done, status);
        return done[0] !== 0;
      };
    },
    sendExit: (rank, barriers) => send(empty, 0, handles.Uint8Array, rank, exitTag(barriers), world),
    awaitExit: (rank) => receive(empty, 0, handles.Uint8Array, rank, anyTag, world, status),
    findExit(barriers) {
      const found = new Int32Array(1);
      probe(anySource, exitTag(barriers), world, found, status);
      if (found[0] === 0) return undefined;
      // Each library puts the sender at a different place of the status.
      return sourceOf(status, typeof world === 'number');
    },
    abort: (code) => abort(world, code),
    finalize: () => finalize(),
  };
}

function sourceOf(status: Int32Array, mpich: boolean): number {
  return mpich ? status[2]! : status[0]!;
}
