import { randomBytes } from 'node:crypto';
import { link, open, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { isAlive } from '../../files/is-alive.js';

/** Who has a lock. */
export interface LockOwner {
  pid: number;
  host: string;
  /** Tells apart two processes that had the same number one after the other. */
  id: string;
}

const beatMilliseconds = 5_000;

/** An owner that says nothing for so long is dead, even if another process now has its number. */
const staleMilliseconds = 60_000;

async function readOwner(path: string): Promise<LockOwner | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as LockOwner;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if ((error as Error).name === 'SyntaxError') return { pid: 0, host: '', id: '' }; // being written, or cut off
    throw error;
  }
}

async function isStale(path: string, { pid, host }: LockOwner): Promise<boolean> {
  if (host === hostname() && pid > 0 && !isAlive(pid)) return true;
  const there = await stat(path).catch(() => undefined);
  return there !== undefined && Date.now() - there.mtimeMs > staleMilliseconds;
}

/** Makes the file with its contents in one step, unless it is there. */
async function create(path: string, text: string): Promise<boolean> {
  const own = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeFile(own, text);
    await link(own, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error;
    return createWithoutLinks(path, text);
  } finally {
    await rm(own, { force: true }).catch(() => {});
  }
}

async function createWithoutLinks(path: string, text: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(text).finally(() => file.close());
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Removes the lock of a dead owner, but not that of a process that has meanwhile taken its place. */
async function removeStale(path: string, owner: LockOwner): Promise<void> {
  const aside = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  try {
    await rename(path, aside);
    const moved = await readOwner(aside);
    if (moved && moved.id !== owner.id) await link(aside, path).catch(() => {});
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  } finally {
    await rm(aside, { force: true }).catch(() => {});
  }
}

/** A lock that this process has. */
export interface Lock {
  release(): Promise<void>;
}

/** Takes a lock if nobody has it whose process lives. */
export async function tryLock(path: string): Promise<Lock | LockOwner> {
  const own: LockOwner = { pid: process.pid, host: hostname(), id: randomBytes(8).toString('hex') };
  for (;;) {
    if (await create(path, JSON.stringify(own))) return held(path, own);
    const owner = await readOwner(path);
    if (!owner) continue; // released meanwhile
    if (!(await isStale(path, owner))) return owner;
    await removeStale(path, owner);
  }
}

function held(path: string, own: LockOwner): Lock {
  const beat = () => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  };
  const timer = setInterval(beat, beatMilliseconds).unref();
  return {
    async release() {
      clearInterval(timer);
      if ((await readOwner(path))?.id === own.id) await rm(path, { force: true });
    },
  };
}

/** Whether {@link tryLock} took the lock. */
export function isHeld(lock: Lock | LockOwner): lock is Lock {
  return 'release' in lock;
}

/**
 * Waits for a lock.
 *
 * @throws the reason of `signal` when it is aborted.
 */
export async function waitForLock(path: string, signal?: AbortSignal): Promise<Lock> {
  for (;;) {
    signal?.throwIfAborted();
    const lock = await tryLock(path);
    if (isHeld(lock)) return lock;
    await wait(200, undefined, signal ? { signal } : {});
  }
}
