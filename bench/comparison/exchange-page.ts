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

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Means of the second half of a run, and of its last twenty steps. */
function meansOf({ loss }: ExchangeRun): [half: number, last: number] {
  return [mean(loss.slice(loss.length / 2)), mean(loss.slice(-20))];
}

/** Mean and standard error of the differences, in nats. */
function difference(ours: readonly number[], theirs: readonly number[]): string {
  const all = ours.map((value, seed) => value - theirs[seed]!);
  const center = mean(all);
  const variance = all.reduce((sum, value) => sum + (value - center) ** 2, 0) / Math.max(1, all.length - 1);
  const sign = center < 0 ? '' : '+';
  const error = all.length > 1 ? ` ± ${Math.sqrt(variance / all.length).toFixed(3)}` : '';
  return `${sign}${center.toFixed(3)}${error}`;
}

/** The rows of the table, the first its headings: losses of each side, and ours less theirs by seed. */
export function exchangeTable({ runs }: ExchangeResult): string[][] {
  const sides = [...new Set(runs.map(({ side }) => side))];
  const of = (side: string) => {
    const means = runs.filter((run) => run.side === side).map(meansOf);
    return { half: means.map(([half]) => half), last: means.map(([, last]) => last) };
  };
  const ours = of(sides[0]!);
  const shared = (values: readonly number[]) => values.slice(0, ours.half.length);
  return [
    ['side', 'loss of the second half', 'ours less this', 'loss of the last 20 steps', 'ours less this'],
    ...sides.map((side, index) => {
      const { half, last } = of(side);
      const compared = (own: readonly number[], other: readonly number[]) =>
        index === 0 ? '' : difference(shared(own), other);
      return [
        side,
        mean(half).toFixed(3),
        compared(ours.half, half),
        mean(last).toFixed(3),
        compared(ours.last, last),
      ];
    }),
  ];
}
