/**
 * How a page notices that a worker ended, which no event tells in a browser: the worker holds a lock of the Web Locks
 * API, and the page waits for it.
 */

const locks = (): LockManager | undefined => (globalThis as { navigator?: Navigator }).navigator?.locks;

/**
 * Holds a lock in this worker.
 *
 * @param release - Settles when the lock is to be released.
 * @returns Whether it is held; not where the engine has no locks, or the page may not use them.
 */
export async function holdLifeline(name: string, release: Promise<void>): Promise<boolean> {
  const manager = locks();
  if (!manager) return false;
  return new Promise((resolve) => {
    manager
      .request(name, () => {
        resolve(true);
        return release;
      })
      .catch(() => resolve(false));
  });
}

/** Calls back when nobody holds the lock any more. @returns a function that stops waiting */
export function watchLifeline(name: string, onEnd: () => void): () => void {
  const stop = new AbortController();
  locks()
    ?.request(name, { signal: stop.signal }, onEnd)
    .catch(() => {}); // stopped
  return () => stop.abort();
}
