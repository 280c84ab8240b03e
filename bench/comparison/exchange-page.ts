import { mean } from '../statistics.js';

/** Losses of one side with one seed. */
export interface ExchangeRun {
  seed: number;
  side: string;
  /** Loss of every step. */
  loss: readonly number[];
}

/** What exchange.ts measures. */
export interface ExchangeResult {
  /** Framework and versions of the other side. */
  framework: string;
  machine: string;
  date: string;
  runs: readonly ExchangeRun[];
}

/** A mean, and the smallest and the largest where there are several. */
function spread(values: readonly number[]): string {
  const center = mean(values).toFixed(3);
  if (values.length === 1) return center;
  return `${center} (${Math.min(...values).toFixed(3)} to ${Math.max(...values).toFixed(3)})`;
}

/** The rows of the table, the first its headings: mean losses of each side over parts of its runs. */
export function exchangeTable({ runs }: ExchangeResult): string[][] {
  const parts: [name: string, of: (loss: readonly number[]) => readonly number[]][] = [
    ['first half', (loss) => loss.slice(0, loss.length / 2)],
    ['second half', (loss) => loss.slice(loss.length / 2)],
    ['last 20 steps', (loss) => loss.slice(-20)],
  ];
  return [
    ['side', 'runs', ...parts.map(([name]) => name)],
    ...[...new Set(runs.map(({ side }) => side))].map((side) => {
      const own = runs.filter((run) => run.side === side);
      const cells = parts.map(([, of]) => spread(own.map(({ loss }) => mean(of(loss)))));
      return [side, String(own.length), ...cells];
    }),
  ];
}
