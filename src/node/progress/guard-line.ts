import type { Output } from './output.js';

const control = '\x1b';
const clearLine = `\r${control}[K`;
const clearRight = `${control}[K`;
/** A bar turns line wrapping off, and other texts need it. */
const [wrap, noWrap] = [`${control}[?7h`, `${control}[?7l`];

const guarded = new WeakSet<object>();

/** The last line of a terminal, kept for one text. */
export interface GuardedLine {
  /** Draws the line. */
  draw(): void;
  /** Leaves the line as it is, and gives the terminal back. */
  leave(): void;
}

/**
 * Keeps the last line of a terminal for a text that changes: whatever else is written to the terminal clears the line,
 * appears above it, and the line is drawn again below.
 *
 * @param line - The text, asked for at each drawing.
 */
export function guardLine(stream: Output, line: () => string): GuardedLine {
  const plain = stream.write.bind(stream) as (text: string) => boolean;
  const draw = () => plain(`\r${line()}${clearRight}`);
  const isOnProcess = stream === process.stdout || stream === process.stderr;
  const streams: Output[] = isOnProcess ? [process.stdout, process.stderr] : [stream];
  const restore: (() => void)[] = [];

  for (const output of streams) {
    // A second bar on a terminal draws below the first one's guard.
    if (!output.isTTY || guarded.has(output)) continue;
    const { write } = output;
    const own = Object.hasOwn(output, 'write');
    const replaced = (...args: Parameters<typeof write>) => {
      plain(`${clearLine}${wrap}`);
      const result = write.apply(output, args);
      // The bar takes a line of its own, also below a text that does not end its line.
      plain(`${String(args[0]).endsWith('\n') ? '' : '\n'}${noWrap}`);
      draw();
      return result;
    };
    output.write = replaced as typeof write;
    guarded.add(output);
    restore.push(() => {
      guarded.delete(output);
      // If somebody else has replaced it meanwhile, theirs stays.
      if (output.write !== replaced) return;
      if (own) output.write = write;
      else Reflect.deleteProperty(output, 'write');
    });
  }
  plain(noWrap);
  return {
    draw,
    leave() {
      plain(`${wrap}\n`);
      for (const undo of restore) undo();
    },
  };
}
