import { markdownTable } from '../../markdown-table.js';
import { mean } from '../../statistics.js';
import type { TrialResult } from '../trial.js';
import { meanPercent } from './percent.js';

/** What bench/learning/search.ts writes. */
export interface Search {
  machine: string;
  results: readonly TrialResult[];
}

/** What the search has tried, in its order: what helped, and what did not. */
export function searchSection({ machine, results }: Search): string {
  const names = (pick: (result: TrialResult) => string) => [...new Set(results.map(pick))];
  const readouts = names(({ readout }) => readout);
  const rows = names(({ trial }) => trial).map((trial) => {
    const own = results.filter((result) => result.trial === trial);
    const average = (pick: (result: TrialResult) => number) => Math.round(mean(own.map(pick)));
    return [
      trial,
      average(({ pairs }) => pairs).toLocaleString('en-US'),
      String(average(({ processorSeconds }) => processorSeconds)),
      ...readouts.map((readout) => {
        const measured = own.filter((result) => result.readout === readout);
        return measured.length === 0 ? '' : meanPercent(measured.map(({ knn20 }) => knn20));
      }),
    ];
  });
  return [
    '## What helped, and what did not',
    'Ways to train from the same start, compared on training pictures alone: kNN of 5,000 that were held back, among 10,000\nothers. Each row differs from the recipe in what its name says. No test picture was used.',
    markdownTable([['trial', 'pairs', 'processor seconds', ...readouts], ...rows]),
    `Measured by \`npx tsx bench/learning/search.ts\`: ${machine}.`,
  ].join('\n\n');
}
