import { constants } from 'node:os';

/** Result of {@link onInterrupt}. */
export interface Interrupt {
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** The exit status for the signal received, 130 or 143; `undefined` before a signal. */
  readonly exitCode: number | undefined;
  /** Restores what both signals did before. */
  dispose(): void;
}

/**
 * Turns Ctrl-C and SIGTERM into an `AbortSignal`, so that training can finish its step and write a checkpoint. It also
 * sets `process.exitCode`, so that the process ends with the status that a shell gives for the signal (130 or 143). A
 * second signal ends the process at once.
 *
 * @example
 * const interrupt = onInterrupt();
 * await simclr.fit(images, { signal: interrupt.signal });
 * interrupt.dispose();
 */
export function onInterrupt(): Interrupt {
  const controller = new AbortController();
  const names = ['SIGINT', 'SIGTERM'] as const;
  let exitCode: number | undefined;
  const interrupt = (name: NodeJS.Signals) => {
    if (exitCode !== undefined) process.exit(128 + constants.signals[name]);
    exitCode = 128 + constants.signals[name];
    process.exitCode = exitCode;
    controller.abort(new DOMException(`interrupted by ${name}`, 'AbortError'));
  };
  for (const name of names) process.on(name, interrupt);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    dispose() {
      for (const name of names) process.off(name, interrupt);
    },
  };
}
