/** What can be told of and hear messages: a worker, the worker's own scope, or a port to either. */
export interface TrainerWorker {
  /** Sends a message. */
  postMessage(message: unknown, transfer: never[]): void;
  /** Ends the worker. */
  terminate?(): unknown;
  /** Begins to hear messages; ports have it. */
  start?(): void;
  /** Hears events, in browsers. */
  addEventListener?(type: string, listener: (event: Event) => void): void;
  /** Hears them no longer. */
  removeEventListener?(type: string, listener: (event: Event) => void): void;
  /** Hears events, in Node. */
  on?(type: string, listener: (value: unknown) => void): unknown;
  /** Hears them no longer. */
  off?(type: string, listener: (value: unknown) => void): unknown;
}

/** Whether a value is such: a worker of the web or of Node, or a port. */
export function isTrainerWorker(value: unknown): value is TrainerWorker {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const { postMessage, addEventListener, on } = value as Record<string, unknown>;
  return typeof postMessage === 'function' && [addEventListener, on].some((is) => typeof is === 'function');
}

/** Hears events of a type. @returns a function that ends it */
export function hear(
  worker: TrainerWorker,
  type: string,
  listener: (event: { data?: unknown; message?: unknown }) => void,
): () => void {
  if (worker.addEventListener) {
    const onEvent = (event: Event) => listener(event as MessageEvent & ErrorEvent);
    worker.addEventListener(type, onEvent);
    worker.start?.();
    return () => worker.removeEventListener?.(type, onEvent);
  }
  // A worker of Node hands over what was sent, or the error itself.
  const onValue = (value: unknown) => listener(type === 'message' ? { data: value } : (value as Error));
  worker.on?.(type, onValue);
  return () => worker.off?.(type, onValue);
}
