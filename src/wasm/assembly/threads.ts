import { run } from './run';

/**
 * What the threads of a pool share; behind it, for each thread, an i32 that is 1 from when it serves. The ticket holds the number of the job in its upper half and that of the next
 * task in its lower one: a thread that slept through a job can never take a task of the next with the old job's
 * fields, for its exchange fails.
 */
@unmanaged
class Control {
  ticket!: u64;
  /** Tasks of the job that are done. */
  completed!: i32;
  /** Number of the newest job; threads without work wait for it to change. */
  job!: i32;
  /** Threads that sleep. */
  sleepers!: i32;
  kind!: i32;
  work!: usize;
  tasks!: i32;
  scratch!: usize;
  scratchBytes!: usize;
}

const closed: u64 = 0xffffffff;
// Tens of microseconds to a millisecond: longer than the gap between two kernels of a step. Falling asleep at once
// costs 0.2 to 0.4 ms a wake-up.
const spins: i32 = 200_000;
const sleepNanoseconds: i64 = 1_000_000_000;

/** Takes and runs tasks of a job until none is left. */
function work(control: Control, job: i32, thread: i32): void {
  const address = changetype<usize>(control);
  const kind = control.kind;
  const about = control.work;
  const tasks = control.tasks;
  const scratch = control.scratch + <usize>thread * control.scratchBytes;
  for (;;) {
    const ticket = atomic.load<u64>(address);
    if (<i32>(ticket >> 32) != job) return;
    const task = <i32>(ticket & 0xffffffff);
    if (<u32>task >= <u32>tasks) return;
    if (atomic.cmpxchg<u64>(address, ticket, ticket + 1) != ticket) continue;
    run(kind, about, task, task + 1, scratch);
    atomic.add<i32>(address + offsetof<Control>('completed'), 1);
  }
}

/** Opens a job to the pool and works on it; {@link finish} says when the others are done too. */
export function begin(address: usize, kind: i32, about: usize, tasks: i32, scratch: usize, scratchBytes: usize): void {
  const control = changetype<Control>(address);
  const job = control.job + 1;
  const prefix = (<u64>(<u32>job)) << 32;
  atomic.store<u64>(address, prefix | closed);
  control.kind = kind;
  control.work = about;
  control.tasks = tasks;
  control.scratch = scratch;
  control.scratchBytes = scratchBytes;
  atomic.store<i32>(address + offsetof<Control>('completed'), 0);
  atomic.store<u64>(address, prefix);
  atomic.store<i32>(address + offsetof<Control>('job'), job);
  if (atomic.load<i32>(address + offsetof<Control>('sleepers')) > 0) {
    atomic.notify(address + offsetof<Control>('job'), -1);
  }
  work(control, job, 0);
}

/** Whether all tasks are done, after looking for a while. */
export function finish(address: usize): bool {
  const tasks = changetype<Control>(address).tasks;
  for (let i = 0; i < spins; i++) {
    if (atomic.load<i32>(address + offsetof<Control>('completed')) == tasks) return true;
  }
  return false;
}

/** The life of thread `thread` (1, 2, ...) of a pool: never returns. */
export function serve(address: usize, thread: i32): void {
  const control = changetype<Control>(address);
  atomic.store<i32>(address + offsetof<Control>() + (<usize>thread << 2), 1);
  const jobAddress = address + offsetof<Control>('job');
  const sleepersAddress = address + offsetof<Control>('sleepers');
  let seen = 0;
  for (;;) {
    let job = atomic.load<i32>(jobAddress);
    for (let i = 0; i < spins && job == seen; i++) job = atomic.load<i32>(jobAddress);
    if (job == seen) {
      atomic.add<i32>(sleepersAddress, 1);
      atomic.wait<i32>(jobAddress, seen, sleepNanoseconds);
      atomic.sub<i32>(sleepersAddress, 1);
      continue;
    }
    seen = job;
    work(control, job, thread);
  }
}
