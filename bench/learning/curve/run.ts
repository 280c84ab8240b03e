/**
 * What minutes of training are worth: `simclr-ts train --recipe minutes` as people call it, evaluated beside whitened pixels
 * and its own network before training.
 *
 *     npx tsx bench/learning/curve/run.ts --minutes 1 5 15 --seeds 3 --json runs/curve.json
 *     npx tsx bench/learning/curve/run.ts --source /usr/share/datasets/fashion-mnist --minutes 7 --json runs/curve.json
 *     npm run compare -- --recipe minutes --minutes 7 --json runs/curve.json    (PyTorch beside it)
 *     npx tsx bench/learning/curve/write-docs.ts runs/curve.json                      (docs/learning.md)
 *
 * Runs that the file holds already are not repeated. Keep the machine idle: minutes are of the clock.
 */
import { basename } from 'node:path';
import { Command } from 'commander';
import { integer } from '../../../src/cli/options.js';
import { addRun, describeRun, hasRun, readRuns, trainByCommandLine } from './runs.js';

const { source, minutes, seeds, json } = new Command('curve')
  .description('What minutes of training are worth, by nearest neighbors and a linear probe.')
  .option('--source <data>', 'what simclr-ts train takes', 'cifar10')
  .option('--minutes <m...>', 'minutes of training, a run for each', ['1', '5', '15'])
  .option('--seeds <n>', 'runs for each, with the seeds 0 to n - 1', integer(1), 1)
  .requiredOption('--json <file>', 'reads the runs that are done, and writes all')
  .parse()
  .opts<{ source: string; minutes: string[]; seeds: number; json: string }>();

const runs = readRuns(json);
for (let seed = 0; seed < seeds; seed++) {
  for (const budget of minutes.map(Number)) {
    const key = { side: 'simclr-ts', dataset: basename(source), minutes: budget, seed } as const;
    if (hasRun(runs, key)) continue;
    const run = trainByCommandLine(source, budget, seed);
    addRun(json, run);
    console.log(describeRun(run));
  }
}
