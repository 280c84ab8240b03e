/**
 * Compares ways to train in minutes, by nearest neighbors on CIFAR-10:
 *
 *     npx tsx bench/learning/search.ts --json runs/search.json      (--help for the flags)
 *
 * It looks at training pictures alone: networks train on the first 45,000 without labels, and neighbors of the last 5,000
 * are searched among the first 10,000.
 */
import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { Command } from 'commander';
import { loadCIFAR10, useBestBackend } from 'simclr-ts/node';
import { integer } from '../../src/cli/options.js';
import { heldBack } from './held-back.js';
import { runTrial, type TrialResult } from './trial.js';
import { readouts, trials } from './trials.js';

const options = new Command('search')
  .description('Ways to train in minutes, compared by nearest neighbors on CIFAR-10.')
  .option('--data <folder>', 'CIFAR-10, as loadCIFAR10 keeps it (default: the cache, or a download)')
  .option('--seeds <count>', 'networks per trial', integer(1), 1)
  .option('--only <text>', `part of the names of trials: ${trials.map(({ name }) => `"${name}"`).join(', ')}`)
  .option('--read <text>', 'part of the names of read-outs')
  .option('--json <file>', 'write the results there')
  .parse()
  .opts<{ data?: string; seeds: number; only?: string; read?: string; json?: string }>();

const choice = await useBestBackend();
const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores, Node ${process.version}, ${choice.name}`;
const { data: cache, only = '', read = '' } = options;
const measured = readouts.filter(({ name }) => name.includes(read));
const { train } = await loadCIFAR10({ log: console.error, ...(cache !== undefined && { cache }) });
const { unlabeled, labeled } = heldBack(train);
console.log(machine);
console.log('kNN, %: k = 20, k = 200; thousands of pairs; processor seconds of training');
const results: TrialResult[] = [];
for (const trial of trials.filter(({ name }) => name.includes(only))) {
  for (let seed = 1; seed <= options.seeds; seed++) {
    for await (const result of runTrial(trial, measured, unlabeled, labeled, seed)) {
      results.push(result);
      const { knn20, knn200, pairs, processorSeconds } = result;
      const figures = [100 * knn20, 100 * knn200, pairs / 1000, processorSeconds];
      const name = `${trial.name}: ${result.readout} (${result.dim}), seed ${seed}`.padEnd(90);
      console.log(`${name}${figures.map((value) => value.toFixed(1).padStart(8)).join('')}`);
      if (options.json !== undefined) {
        await writeFile(options.json, `${JSON.stringify({ machine, results }, null, 2)}\n`);
      }
    }
  }
}
process.exit(0);
