import cliProgress from 'cli-progress';
import { guardLine } from './guard-line.js';
import type { Output } from './output.js';

/** A bar on a terminal. */
export interface Bar {
  /** Sets how much is done, and texts of the format that changed. */
  update(value: number, fields?: Readonly<Record<string, string | number>>): void;
  /** Draws the bar a last time, and leaves its line. */
  stop(): void;
}

/** Initial settings of a bar. */
export interface BarStart {
  /** The bar's line in the notation of cli-progress, with `{left}` for the remaining time. */
  format: string;
  /** How much there is to do; 0 where that is not known. */
  total: number;
  /** How much is done already. */
  value: number;
  /** Texts of the format. */
  fields: Readonly<Record<string, string | number>>;
}

/** Milliseconds from one drawing to the next. */
const interval = 100;
/** Updates over which the speed is taken. */
const window = 50;
const width = 30;

/** A duration in at most two units: `45s`, `3m05s`, `2h15m`. Rounded to 5 s above 10 s, to 1 min above 1 h. */
export function formatDuration(seconds: number): string {
  const rounded = seconds > 10 ? 5 * Math.round(seconds / 5) : Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  if (rounded < 60) return `${rounded}s`;
  if (rounded < 3600) return `${Math.floor(rounded / 60)}m${two(rounded % 60)}s`;
  const minutes = Math.round(rounded / 60);
  return `${Math.floor(minutes / 60)}h${two(minutes % 60)}m`;
}

/**
 * Draws a bar.
 *
 * Only the formatter of cli-progress is used: its `SingleBar` redraws on a timer that keeps a program alive, so that
 * one with an error between start and stop would never end.
 */
export function openBar(stream: Output, { format, total, value, fields }: BarStart): Bar {
  let current = value;
  let texts = fields;
  const startTime = Date.now();
  let updates = [{ time: startTime, value }];
  let drawnAt = 0;
  let later: NodeJS.Timeout | undefined;
  let stopped = false;

  /** The remaining time; `?` before it can be estimated. */
  const timeLeft = () => {
    if (current >= total) return '0s';
    const [first, last] = [updates[0]!, updates.at(-1)!];
    const seconds = ((total - current) * (last.time - first.time)) / (last.value - first.value) / 1000;
    return Number.isFinite(seconds) && seconds > 0 ? formatDuration(seconds) : '?';
  };
  const line = () =>
    cliProgress.Format.Formatter(
      {
        format,
        barsize: width,
        barCompleteString: '█'.repeat(width),
        barIncompleteString: '░'.repeat(width),
        barGlue: '',
        autopaddingChar: '',
      },
      {
        progress: total > 0 ? Math.min(1, Math.max(0, current / total)) : 1,
        value: current,
        total,
        eta: 0,
        startTime,
        stopTime: null,
        maxWidth: stream.columns ?? 80,
      },
      { ...texts, left: timeLeft() },
    );
  const guard = guardLine(stream, line);
  const draw = () => {
    clearTimeout(later);
    later = undefined;
    drawnAt = Date.now();
    guard.draw();
  };

  draw();
  return {
    update(value, fields) {
      if (stopped) return;
      current = value;
      texts = { ...texts, ...fields };
      updates = [...updates.slice(1 - window), { time: Date.now(), value }];
      if (Date.now() >= drawnAt + interval) draw();
      // A burst of updates leaves its last one to be drawn.
      else later ??= setTimeout(draw, interval).unref();
    },
    stop() {
      if (stopped) return;
      stopped = true;
      draw();
      guard.leave();
    },
  };
}
