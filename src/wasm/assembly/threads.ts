import { run } from './run';

/**
 * What the threads of a pool share. After it follows an i32 per thread, which is 1 once the thread is ready. The upper half
 * of the ticket is the number of the job and the lower half that of its next task. A thread that slept through a job can
 * therefore never take a task of the next job with the fields of the old one: its compare-and-exchange fails.
 */
@unmanaged
class Control {
  ticket!: u64;
  /** Finished tasks of the job. */
  completed!: i32;
  /** Number of the newest job. Idle threads wait for it to change. */
  job!: i32;
  /** Number of sleeping threads. */
  sleepers!: i32;
  kind!: i32;
  work!: usize;
  tasks!: i32;
  scratch!: usize;
  scratchBytes!: usize;
  /** Threads of the pool. */
  threads!: i32;
}

/**
 * A thread takes several tasks at once: of those that are left, this fraction of its share. So threads seldom compete for
 * the ticket, and the last tasks are taken one by one, which ends the job for all at nearly the same time.
 */
export const chunksPerThread: i32 = 4;

const noTask: u64 = 0xffffffff;
// Spins for about a millisecond, which is longer than nearly all gaps between two kernels of a training step. Sleeping
// would cost 0.2 to 0.4 ms per wake-up.
const spinLimit: i32 = 1_000_000;
const sleepNanoseconds: i64 = 1_000_000_000;

/** Takes tasks of a job and runs them until none is left. */
function runTasks(control: Control, job: i32, thread: i32): void {
  const address = changetype<usize>(control);
  const kind = control.kind;
  const workAddress = control.work;
  const tasks = control.tasks;
  const chunks = control.threads * chunksPerThread;
  const scratch = control.scratch + <usize>thread * control.scratchBytes;
  for (;;) {
    const ticket = atomic.load<u64>(address);
    if (<i32>(ticket >> 32) != job) return;
    const task = <i32>(ticket & 0xffffffff);
    if (<u32>task >= <u32>tasks) return;
    const taken = max((tasks - task) / chunks, 1);
    if (atomic.cmpxchg<u64>(address, ticket, ticket + <u64>taken) != ticket) continue;
    run(kind, workAddress, task, task + taken, scratch);
    atomic.add<i32>(address + offsetof<Control>('completed'), taken);
  }
}

/** Starts a job and works on it until no task is left to take; {@link finish} tells when the other threads are done too. */
export function begin(
  address: usize,
  threads: i32,
  kind: i32,
  workAddress: usize,
  tasks: i32,
  scratch: usize,
  scratchBytes: usize,
): void {
  const control = changetype<Control>(address);
  const job = control.job + 1;
  const prefix = (<u64>(<u32>job)) << 32;
  atomic.store<u64>(address, prefix | noTask);
  control.threads = threads;
  control.kind = kind;
  control.work = workAddress;
  control.tasks = tasks;
  control.scratch = scratch;
  control.scratchBytes = scratchBytes;
  atomic.store<i32>(address + offsetof<Control>('completed'), 0);
  atomic.store<u64>(address, prefix);
  atomic.store<i32>(address + offsetof<Control>('job'), job);
  if (atomic.load<i32>(address + offsetof<Control>('sleepers')) > 0) {
    atomic.notify(address + offsetof<Control>('job'), -1);
  }
  runTasks(control, job, 0);
}

/** Spins until all tasks are done; returns false when they take too long. */
export function finish(address: usize): bool {
  const tasks = changetype<Control>(address).tasks;
  for (let i = 0; i < spinLimit; i++) {
    if (atomic.load<i32>(address + offsetof<Control>('completed')) == tasks) return true;
  }
  return false;
}

/** The loop of thread `thread` (1, 2, ...) of a pool. Never returns. */
export function serve(address: usize, thread: i32): void {
  const control = changetype<Control>(address);
  atomic.store<i32>(address + offsetof<Control>() + (<usize>thread << 2), 1);
  const jobAddress = address + offsetof<Control>('job');
  const sleepersAddress = address + offsetof<Control>('sleepers');
  let seen = 0;
  for (;;) {
    let job = atomic.load<i32>(jobAddress);
    for (let i = 0; i < spinLimit && job == seen; i++) job = atomic.load<i32>(jobAddress);
    if (job == seen) {
      atomic.add<i32>(sleepersAddress, 1);
      atomic.wait<i32>(jobAddress, seen, sleepNanoseconds);
      atomic.sub<i32>(sleepersAddress, 1);
      continue;
    }
    seen = job;
    runTasks(control, job, thread);
  }
}
