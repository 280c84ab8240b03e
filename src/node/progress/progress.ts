import { checkKeys } from '../../errors/check-keys.js';
import { receivedMessage } from '../../errors/checks.js';
import { InvalidOptionError } from '../../errors/errors.js';
import { openBar } from './bar.js';
import { isInteractive } from './output.js';

/** Options of {@link progress}, and of {@link progressBar} among others. */
export interface ProgressOptions {
  /**
   * Where to write. The default keeps results on standard output clean.
   *
   * @defaultValue `process.stderr`
   */
  stream?: NodeJS.WritableStream;
  /**
   * Whether to write nothing at all.
   *
   * @defaultValue `false`
   */
  quiet?: boolean;
}

/** Result of {@link progress}. */
export interface Progress {
  /** Sets how much is done; text after the bar is optional. */
  update(done: number, note?: string): void;
  /** Adds to how much is done: 1, or `by`. */
  increment(by?: number): void;
  /** Ends the bar with a last line. A second call does nothing. */
  stop(): void;
}

/**
 * Shows the progress of long work other than training, such as decoding, embedding or a download: on a terminal as a
 * bar with the remaining time, elsewhere (files, CI) as one line at the end.
 *
 * @param total - How much there is to do; a finite number >= 0.
 * @param label - What is being done, for example `'Decoding'`.
 * @throws `InvalidOptionError` when `total` is not a finite number >= 0.
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
  const started = performance.now();
  const format = '{label} {bar} {percentage}% | {value}/{total} | {left} left {note}';
  const bar =
    quiet || !isInteractive(stream)
      ? undefined
      : openBar(stream, { format, total, value: 0, fields: { label, note: '' } });
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
