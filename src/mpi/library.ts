import type { NumberArray, Reduction, SendableArray } from '../distributed/index.js';
import { shorten } from '../errors/checks.js';
import { DistributedError } from '../errors/errors.js';
import { importOptional } from '../node/backends/optional-package.js';
import type { Launch } from './launch.js';

type Library = import('koffi').LibraryHandle;

/** The functions of MPI that are used here, on the communicator of all ranks. */
export interface MPILibrary {
  /** What was loaded. */
  readonly name: string;
  /** MPI_Init, and who and how many we are. */
  init(): { rank: number; size: number };
  /** MPI_Allreduce in place. */
  allReduce(values: NumberArray, reduction: Reduction): void;
  /** MPI_Allgather. */
  allGather(values: SendableArray, all: SendableArray): void;
  /** MPI_Bcast. */
  broadcast(values: SendableArray, root: number): void;
  /** MPI_Ibarrier. Returns a function that says whether all ranks have come, and may be called until it does. */
  startBarrier(): () => boolean;
  /** Sends an empty message that says goodbye after so many barriers. */
  sayGoodbye(rank: number, barriers: number): void;
  /** Waits for that of `rank`. */
  awaitGoodbye(rank: number): void;
  /** The first rank whose goodbye after so many barriers has come, without taking it; `undefined` = none. */
  findGoodbye(barriers: number): number | undefined;
  /** MPI_Abort. */
  abort(code: number): void;
  /** MPI_Finalize. */
  finalize(): void;
}

/**
 * Tag of a goodbye after so many barriers. Two are enough: ranks that wait for each other are one barrier apart at most.
 */
const goodbyeTag = (barriers: number) => 71 + (barriers % 2);

/** MPI_ANY_TAG: nothing but goodbyes is sent from one rank to one other. */
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
 * What OpenMPI and UCX do by default in every process that loads them is not for one whose threads compile as they run:
 * overwriting the machine code of `munmap` and its like, for the sake of networks that register memory, and unwinding the
 * stack from a signal handler, through frames that no table describes. Whoever sets these variables has the last word.
 */
const gentle = {
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
  for (const [name, value] of Object.entries(gentle)) process.env[name] ??= value;
  const { openmpi, mpich } = fileNames;
  const usual = launch.family === 'mpich' ? [...mpich, ...openmpi] : [...openmpi, ...mpich];
  const names = library === undefined ? usual : [library];
  const reasons: string[] = [];
  for (const name of names) {
    let loaded: Library;
    try {
      // OpenMPI's own plug-ins look for its symbols in the global scope.
      loaded = koffi.load(name, { global: true });
    } catch (error) {
      reasons.push((error as Error).message);
      continue;
    }
    return bind(loaded, name);
  }
  throw new DistributedError(
    `${caller}: an MPI library must be there, for mpirun or srun started this program; install it (Debian: libopenmpi3 or libmpich12) or name it with { library }. Received: none of ${names.join(', ')} loads (${shorten(reasons[0]!)}).`,
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
  // MPI_Status is of 24 bytes; room for more, and never the constants for "no status", which differ.
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
    sayGoodbye: (rank, barriers) => send(empty, 0, handles.Uint8Array, rank, goodbyeTag(barriers), world),
    awaitGoodbye: (rank) => receive(empty, 0, handles.Uint8Array, rank, anyTag, world, status),
    findGoodbye(barriers) {
      const found = new Int32Array(1);
      probe(anySource, goodbyeTag(barriers), world, found, status);
      if (found[0] === 0) return undefined;
      // Where the sender stands in the status is each library's own affair.
      return sourceOf(status, typeof world === 'number');
    },
    abort: (code) => abort(world, code),
    finalize: () => finalize(),
  };
}

function sourceOf(status: Int32Array, mpich: boolean): number {
  return mpich ? status[2]! : status[0]!;
}
