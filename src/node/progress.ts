import cliProgress from 'cli-progress';
import { checkKeys } from '../errors/check-keys.js';
import { receivedMessage } from '../errors/checks.js';
import { InvalidOptionError } from '../errors/errors.js';

/** Options of {@link progress} and {@link progressBar}. */
export interface ProgressOptions {
  /** Where to write. Default: `process.stderr`, so that results on standard output stay clean. */
  stream?: NodeJS.WritableStream;
  /** Whether to write nothing at all. Default false. */
  quiet?: boolean;
}

/** What {@link progress} gives. */
export interface Progress {
  /** Sets how much is done; text after the bar is optional. */
  update(done: number, note?: string): void;
  /** Adds to how much is done, 1 by default. */
  increment(by?: number): void;
  /** Ends the bar with a last line. Harmless when called twice. */
  stop(): void;
}

/** Whether bars may be drawn: on a terminal that moves its cursor, and nobody's log file. */
export function isInteractive(stream: NodeJS.WritableStream): boolean {
  const { isTTY } = stream as NodeJS.WritableStream & { isTTY?: boolean };
  const { CI, TERM } = process.env;
  return isTTY === true && (CI === undefined || CI === '' || CI === 'false') && TERM !== 'dumb';
}

/**
 * A bar whose redraw timer does not keep the process alive: without this, an error between start and stop would
 * leave a program that never ends.
 */
class UnobtrusiveBar extends cliProgress.SingleBar {
  private readonly timer: NodeJS.Timeout | null = null;

  override render(): void {
    super.render();
    this.timer?.unref();
  }
}

/** A bar on a terminal. `gracefulExit` is off because it takes Ctrl-C away from the program. */
export function openBar(stream: NodeJS.WritableStream, format: string): cliProgress.SingleBar {
  return new UnobtrusiveBar({
    stream,
    format,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    etaBuffer: 50,
    hideCursor: false,
    gracefulExit: false,
    stopOnComplete: false,
  });
}

/**
 * Progress of long work that is no training: decoding, embedding, a download. A bar with the remaining time on a
 * terminal; elsewhere (files, CI) one line at the end.
 *
 * @param total - How much there is to do; a finite number >= 0.
 * @param label - What is being done, for people.
 * @throws `InvalidOptionError` when `total` is no finite number >= 0.
 * @example
 * const bar = progress(files.length, 'Decoding');
 * for (const file of files) {
 *   await decodeImage(file);
 *   bar.increment();
 * }
 * bar.stop();
 */
export function progress(total: number, label: string, options: ProgressOptions = {}): Progress {
  checkKeys('progress', options, { stream: 1, quiet: 1 });
  if (!(Number.isFinite(total) && total >= 0)) {
    throw new InvalidOptionError(
      receivedMessage('progress', 'total must be a finite number >= 0', 'total', total),
    );
  }
  const { stream = process.stderr, quiet = false } = options;
  let done = 0;
  let stopped = false;
  let bar: cliProgress.SingleBar | undefined;
  const started = performance.now();
  if (!quiet && isInteractive(stream)) {
    bar = openBar(stream, '{label} {bar} {percentage}% | {value}/{total} | {eta_formatted} left {note}');
    bar.start(total, 0, { label, note: '' });
  }
  return {
    update(value, note = '') {
      done = value;
      bar?.update(value, { note });
    },
    increment(by = 1) {
      done += by;
      bar?.update(done);
    },
    stop() {
      if (stopped) return;
      stopped = true;
      if (bar) bar.stop();
      else if (!quiet) {
        const seconds = (performance.now() - started) / 1000;
        stream.write(`${label}: ${done}/${total} in ${seconds.toFixed(1)} s\n`);
      }
    },
  };
}
