import type { Result } from './compare.js';

const significant = (value: number) => value.toPrecision(3).replace(/e\+.*$/, (power) => power);

/** Numbers with three significant digits, without an exponent below a million. */
export function formatNumber(value: number): string {
  return value >= 1000 && value < 1e6 ? value.toFixed(0) : significant(value);
}

const widths = [40, 10, 10, 16, 7, 14] as const;

function line(cells: readonly string[], last: string): string {
  const padded = cells.map((cell, column) =>
    column === 0 || column === 3 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
  );
  return `${padded.join(' ')}  ${last}`.trimEnd();
}

/** The headings of {@link formatResult}. */
export function formatHeader(): string {
  return line(['name', 'ours', 'baseline', 'unit', 'ratio', 'middle half'], 'ours against baseline');
}

/** One row of the table; "middle half" are the quartiles of the ratio over the rounds. */
export function formatResult(result: Result): string {
  const { name, value, baselineValue, unit, ratio, spread, ours, baseline } = result;
  const [low, high] = spread.ratio.map(formatNumber);
  return line(
    [name, formatNumber(value), formatNumber(baselineValue), unit, formatNumber(ratio), `${low} - ${high}`],
    `${ours} against ${baseline}`,
  );
}
