import { useBestBackend } from 'simclr-ts/node';
import { evaluationJSON } from '../../src/cli/actions/training/evaluation-table.js';
import type { CurveRun } from '../learning/curve/result.js';
import { addRun, describeRun, hasRun, readRuns, trainByCommandLine } from '../learning/curve/runs.js';
import { placeAndDate } from '../place-and-date.js';
import { findPython } from '../runtimes.js';
import { trainPyTorchByMinutes } from './pytorch-minutes.js';

/** What {@link compareMinutes} needs. */
export interface MinutesComparison {
  minutes: number;
  seeds: number;
  threads: number;
  /** File of runs; those that it holds already are not repeated. */
  json: string;
}

/** Both sides by the recipe `minutes` on CIFAR-10, for the same time, with the same initialization, read-out, and evaluation. */
export async function compareMinutes(
  { minutes, seeds, threads, json }: MinutesComparison,
  log: (line: string) => void,
): Promise<void> {
  const found = findPython();
  if ('missing' in found) throw new Error(`There is nothing to compare with: ${found.missing}.`);
  const runs = readRuns(json);
  const isDone = (side: CurveRun['side'], seed: number) =>
    hasRun(runs, { side, dataset: 'cifar10', minutes, seed });
  const add = (run: CurveRun) => {
    addRun(json, run);
    console.log(describeRun(run));
  };
  for (let seed = 0; seed < seeds; seed++) {
    if (!isDone('simclr-ts', seed)) add(trainByCommandLine('cifar10', minutes, seed));
    if (isDone('pytorch', seed)) continue;
    await useBestBackend({ prefer: 'wasm' });
    const { framework, pairs, evaluation } = await trainPyTorchByMinutes(
      found.python,
      { budget: { minutes }, seed, threads },
      log,
    );
    const run = { dataset: 'cifar10', side: 'pytorch', framework, minutes, seed, pairs } as const;
    add({ ...run, evaluation: evaluationJSON(evaluation) as CurveRun['evaluation'], ...placeAndDate() });
  }
}
