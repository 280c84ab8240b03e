import { type ComparisonResult, type Measure, measures, type SideResult } from './result.js';

const measureNames: Record<Measure, string> = { knn: 'kNN (k = 20)', linearProbe: 'linear probe' };
const inPercent = (share: number) => (100 * share).toFixed(1);
const grouped = (value: number) => Math.round(value).toLocaleString('en-US');

/** "each trained 7 minutes" or "each saw 51,200 pairs". */
export function describeBudget({ budget, seeds }: Pick<ComparisonResult, 'budget' | 'seeds'>): string {
  const amount =
    'minutes' in budget ? `${budget.minutes} minutes of training` : `${grouped(budget.pairs)} pairs seen`;
  return `${amount}, ${seeds.length === 1 ? 'one seed' : `${seeds.length} seeds`}`;
}

/** The mean of the last twenty losses, because that of a single step is noisy. */
export function lastLoss({ loss }: SideResult): number {
  const last = loss.slice(-20);
  return last.reduce((sum, value) => sum + value, 0) / last.length;
}

/** The rows of the table, the first its headings. */
export function tableOf({ budget, ours, pytorch, difference, speedRatio }: ComparisonResult): string[][] {
  const both = (label: string, of: (side: SideResult) => string, compared = '') => [
    label,
    of(ours),
    ...(pytorch === null ? [] : [of(pytorch), compared]),
  ];
  return [
    ['', 'simclr-ts', ...(pytorch === null ? [] : ['PyTorch', 'ours against PyTorch'])],
    // The time of a run that counts pictures says little, because it may share the machine.
    ...('minutes' in budget
      ? [
          both(
            'pairs per second',
            ({ pairsPerSecond }) => pairsPerSecond.toFixed(1),
            speedRatio === undefined ? '' : `${speedRatio.toFixed(2)} times`,
          ),
        ]
      : []),
    both('pairs seen', ({ pairsSeen }) => grouped(pairsSeen)),
    both('loss of the first step', ({ loss }) => loss[0]!.toFixed(3)),
    both('loss of the last 20 steps', (side) => lastLoss(side).toFixed(3)),
    ...measures.map((measure) =>
      both(
        `${measureNames[measure]}, %`,
        ({ intervals }) => {
          const { mean, low, high } = intervals[measure];
          return `${inPercent(mean)} (${inPercent(low)} to ${inPercent(high)})`;
        },
        difference && describeDifference(difference[measure]),
      ),
    ),
  ];
}

function describeDifference({ mean, low, high }: { mean: number; low: number; high: number }): string {
  return `${mean < 0 ? '' : '+'}${inPercent(mean)} (${inPercent(low)} to ${inPercent(high)})`;
}

/** The result as text for a terminal. */
export function formatResult(result: ComparisonResult): string {
  const rows = tableOf(result);
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  return [
    `${describeBudget(result)}; accuracies on ${grouped(result.testImages)} test pictures`,
    ...lines,
  ].join('\n');
}
