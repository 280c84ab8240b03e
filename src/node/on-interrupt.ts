import { constants } from 'node:os';

/** What {@link onInterrupt} gives. */
export interface Interrupt {
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** Gives both signals back to what they did before. */
  dispose(): void;
}

/**
 * Turns Ctrl-C and SIGTERM into an `AbortSignal`, so that training can end at a whole step and write a checkpoint.
 * A second one ends the process at once, with the status that a shell gives for the signal (130, 143).
 *
 * @example
 * const interrupt = onInterrupt();
 * await simclr.fit(images, { signal: interrupt.signal });
 * interrupt.dispose();
 */
export function onInterrupt(): Interrupt {
  const controller = new AbortController();
  const names = ['SIGINT', 'SIGTERM'] as const;
  const interrupt = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(128 + constants.signals[name]);
    controller.abort(new DOMException(`interrupted by ${name}`, 'AbortError'));
  };
  for (const name of names) process.on(name, interrupt);
  return {
    signal: controller.signal,
    dispose() {
      for (const name of names) process.off(name, interrupt);
    },
  };
}
