import cliProgress, { type GenericFormatter } from 'cli-progress';

/** A stream that may be a terminal. */
type Output = NodeJS.WritableStream & { isTTY?: boolean };

const control = '\x1b';
const clearLine = `\r${control}[K`;
/** A bar turns off that long lines wrap; other texts need it. */
const [wrap, noWrap] = [`${control}[?7h`, `${control}[?7l`];
/** The bar goes back to this place when it ends. */
const savePlace = `${control}7`;

/** Whether bars may be drawn: on a terminal that moves its cursor, and nobody's log file. */
export function isInteractive(stream: NodeJS.WritableStream): boolean {
  const { CI, TERM } = process.env;
  return (
    (stream as Output).isTTY === true && (CI === undefined || CI === '' || CI === 'false') && TERM !== 'dumb'
  );
}

/** A duration in two units at most: `45s`, `3m05s`, `2h15m`. Above ten seconds to five, above an hour to a minute. */
export function formatDuration(seconds: number): string {
  const rounded = seconds > 10 ? 5 * Math.round(seconds / 5) : Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  if (rounded < 60) return `${rounded}s`;
  if (rounded < 3600) return `${Math.floor(rounded / 60)}m${two(rounded % 60)}s`;
  const minutes = Math.round(rounded / 60);
  return `${Math.floor(minutes / 60)}h${two(minutes % 60)}m`;
}

/** The formatter of cli-progress, with `{left}`: the remaining time, `?` before it can be estimated. */
const withTimeLeft =
  (format: string): GenericFormatter =>
  (options, params, payload) => {
    const { eta, value, total } = params;
    const isKnown = Number.isFinite(eta) && eta > 0; // before, it is a text or 0
    const left = value >= total ? '0s' : isKnown ? formatDuration(eta) : '?';
    return cliProgress.Format.Formatter({ ...options, format }, params, { ...payload, left });
  };

const streamsWithBar = new WeakSet<object>();

/** Clears the bar for whatever else is written to its terminal, and draws it anew below. */
function makeWay(stream: Output, bar: cliProgress.SingleBar): void {
  const isOnProcess = stream === process.stdout || stream === process.stderr;
  const streams: Output[] = isOnProcess ? [process.stdout, process.stderr] : [stream];
  let isDrawing = false;
  const undo: (() => void)[] = [];
  const guard = (output: Output) => {
    const { write } = output;
    const own = Object.hasOwn(output, 'write');
    const plain = (text: string) => write.call(output, text);
    const guarded = (...args: Parameters<typeof write>) => {
      if (isDrawing) return write.apply(output, args);
      plain(`${clearLine}${wrap}`);
      const result = write.apply(output, args);
      // The bar takes a line of its own, also below a text that goes on later.
      plain(`${String(args[0]).endsWith('\n') ? '' : '\n'}${noWrap}${savePlace}`);
      bar.render();
      return result;
    };
    output.write = guarded as typeof write;
    streamsWithBar.add(output);
    undo.push(() => {
      streamsWithBar.delete(output);
      // Whoever has replaced it meanwhile keeps his.
      if (output.write !== guarded) return;
      if (own) output.write = write;
      else Reflect.deleteProperty(output, 'write');
    });
  };
  bar.on('redraw-pre', () => {
    isDrawing = true;
  });
  bar.on('redraw-post', () => {
    isDrawing = false;
  });
  bar.on('start', () => {
    for (const output of streams) if (output.isTTY && !streamsWithBar.has(output)) guard(output);
  });
  bar.on('stop', () => {
    for (const restore of undo.splice(0)) restore();
  });
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

/**
 * A bar on a terminal. `gracefulExit` is off because it takes Ctrl-C away from the program.
 *
 * @param format - As cli-progress has it, and `{left}` for the remaining time.
 */
export function openBar(stream: NodeJS.WritableStream, format: string): cliProgress.SingleBar {
  const bar = new UnobtrusiveBar({
    stream,
    format: withTimeLeft(format),
    formatTime: formatDuration,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    etaBuffer: 50,
    hideCursor: false,
    gracefulExit: false,
    stopOnComplete: false,
    forceRedraw: true, // other texts clear it
  });
  makeWay(stream, bar);
  return bar;
}
