import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { placeAndDate } from '../../place-and-date.js';
import type { CurveEvaluation, CurveRun } from './result.js';

/** What `simclr-ts train --json` prints. */
interface TrainOutput {
  backendDetails: string;
  step: number;
  batchSize: number;
  evaluation: CurveEvaluation;
}

const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

/**
 * Trains by `simclr-ts train SOURCE --recipe minutes`, as people do.
 *
 * @throws Error when it fails.
 */
export function trainByCommandLine(source: string, minutes: number, seed: number): CurveRun {
  const folder = mkdtempSync(join(tmpdir(), 'simclr-curve-'));
  try {
    const flags = ['--recipe', 'minutes', '--minutes', String(minutes), '--seed', String(seed), '--json'];
    flags.push('--out', join(folder, 'model'), '--report', join(folder, 'report.html'));
    const args = ['--import', 'tsx', main, 'train', source, ...flags];
    const { status, stdout } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 2 ** 28,
    });
    if (status !== 0) throw new Error(`simclr-ts train ended with status ${status}.`);
    const { step, batchSize, backendDetails, evaluation } = JSON.parse(stdout) as TrainOutput;
    return {
      dataset: basename(source),
      side: 'simclr-ts',
      framework: `simclr-ts on wasm, Node ${process.versions.node}, ${backendDetails}`,
      minutes,
      seed,
      pairs: step * batchSize,
      evaluation,
      ...placeAndDate(),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The runs of a file; none where there is no file. */
export function readRuns(path: string): CurveRun[] {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as CurveRun[]) : [];
}

/** What tells one run from others. */
type RunKey = Pick<CurveRun, 'side' | 'dataset' | 'minutes' | 'seed'>;

/** Whether the runs hold one of a kind. */
export function hasRun(runs: readonly CurveRun[], key: RunKey): boolean {
  return runs.some((run) => (Object.keys(key) as (keyof RunKey)[]).every((name) => run[name] === key[name]));
}

/** Adds a run to those that the file holds by now, of other programs, too. */
export function addRun(path: string, run: CurveRun): void {
  const runs = [...readRuns(path), run];
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(runs, null, 2)}\n`);
}

/** A line about a run. */
export function describeRun({ dataset, side, minutes, seed, pairs, evaluation }: CurveRun): string {
  const { readout, after, whitenedPixels } = evaluation;
  const percent = ({ knn }: { knn: { accuracy: number } }) => `${(100 * knn.accuracy).toFixed(1)} %`;
  return (
    `${dataset}, ${side}, ${minutes} minutes, seed ${seed}: kNN at the read-out ${percent(readout.before)} before and ` +
    `${percent(readout.after)} after ${pairs} pairs, at h ${percent(after)}; whitened pixels ${percent(whitenedPixels)}`
  );
}
