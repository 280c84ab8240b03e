import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { exchangeTable } from '../../bench/comparison/exchange-page.js';
import { differenceOfMeans, meanInterval } from '../../bench/comparison/intervals.js';
import { readOptions } from '../../bench/comparison/options.js';
import { comparisonPage } from '../../bench/comparison/page.js';
import { learningRateAt, recipe } from '../../bench/comparison/recipe.js';
import {
  type ComparisonResult,
  compareSides,
  type EvaluatedRun,
  summarizeSide,
  turns,
} from '../../bench/comparison/result.js';
import { runSide } from '../../bench/comparison/run-side.js';
import { formatResult, tableOf } from '../../bench/comparison/table.js';
import { compareMoments, momentNames, momentsOf } from '../../bench/comparison/view-moments.js';
import { findPython } from '../../bench/runtimes.js';

const labels = Uint8Array.of(0, 1, 2, 3);

function run(seed: number, knn: number, predicted: number[], loss = [6.2, 6, 5.8]): EvaluatedRun {
  const predictions = { knn: Int32Array.from(predicted), linearProbe: Int32Array.from(predicted) };
  return {
    seed,
    framework: 'a',
    pairsPerSecond: 100 + seed,
    pairsSeen: 768,
    loss,
    knn,
    linearProbe: knn,
    predictions,
  };
}

function resultOf(ours: EvaluatedRun[], pytorch: EvaluatedRun[] | null, budget = { pairs: 768 }) {
  const result: ComparisonResult = {
    budget,
    seeds: ours.map(({ seed }) => seed),
    threads: 2,
    references: 10_000,
    testImages: 10_000,
    recipe,
    machine: 'a processor, 2 cores',
    date: '2026-01-02',
    ours: summarizeSide(ours, 10_000),
    pytorch: pytorch && summarizeSide(pytorch, 10_000),
    ...(pytorch === null
      ? { missing: 'not installed' }
      : { difference: compareSides(ours, pytorch, labels), speedRatio: 0.5 }),
  };
  return result;
}

describe('the options', () => {
  const read = (...flags: string[]) => readOptions(['node', 'run.ts', ...flags]);

  it('take minutes or pairs', () => {
    expect(read('--minutes', '0.5').budget).toEqual({ minutes: 0.5 });
    expect(read('--pairs', '2560', '--seeds', '3')).toMatchObject({ budget: { pairs: 2560 }, seeds: 3 });
  });

  it('take the recipe minutes with minutes and a file', () => {
    const flags = ['--recipe', 'minutes', '--minutes', '2', '--json', 'runs.json'];
    expect(read(...flags)).toMatchObject({ recipe: 'minutes', budget: { minutes: 2 }, json: 'runs.json' });
    expect(read('--minutes', '2').recipe).toBe('plain');
  });
});

describe('exchanged parts', () => {
  it('are shown by means over the runs of a side, with the lowest and the highest', () => {
    const run = (side: string, last: number) => ({ side, seed: 0, loss: [6, 5, last, last] });
    const runs = [run('ours', 4), run('with both', 3), run('with both', 4)];
    const table = exchangeTable({ framework: 'PyTorch', machine: 'a processor', date: '2026-01-02', runs });
    expect(table).toEqual([
      ['side', 'runs', 'first half', 'second half', 'last 20 steps'],
      ['ours', '1', '5.500', '4.000', '4.750'],
      ['with both', '2', '5.500 (5.500 to 5.500)', '3.500 (3.000 to 4.000)', '4.500 (4.250 to 4.750)'],
    ]);
  });
});

describe('intervals', () => {
  it('are those of scipy', () => {
    // scipy.stats.t.interval(0.95, 2, loc=2, scale=scipy.stats.sem([1, 2, 3]))
    const { mean, low, high } = meanInterval([1, 2, 3]);
    expect(mean).toBe(2);
    expect(low).toBeCloseTo(-0.48414, 4);
    expect(high).toBeCloseTo(4.48414, 4);
  });

  it('of a difference are Welch’s, with the degrees of freedom rounded down', () => {
    // Equal variances and numbers: 2 (n - 1) = 4 degrees of freedom. t = 2.7764, standard error sqrt(2 / 3).
    const { mean, low, high } = differenceOfMeans([1, 2, 3], [2, 3, 4]);
    expect(mean).toBe(-1);
    expect(high - mean).toBeCloseTo(2.7764 * Math.sqrt(2 / 3), 3);
    expect(mean - low).toBeCloseTo(high - mean, 10);
  });

  it('of equal values have no width', () => {
    expect(differenceOfMeans([1, 1], [3, 3])).toEqual({ mean: -2, low: -2, high: -2 });
  });
});

describe('turns', () => {
  it('let each side be first in turn', () => {
    const order = turns(3, ['a', 'b']).map(({ seed, side }) => `${seed}${side}`);
    expect(order).toEqual(['0a', '0b', '1b', '1a', '2a', '2b']);
  });
});

describe('results', () => {
  it('of several seeds hold the means and every run', () => {
    const side = summarizeSide([run(0, 0.3, [0]), run(1, 0.4, [0], [6.4, 6.2])], 10_000);
    expect(side).toMatchObject({ pairsPerSecond: 100.5, pairsSeen: 768, knn: 0.35 });
    expect(side.loss).toHaveLength(2);
    expect(side.loss[0]).toBeCloseTo(6.3, 10);
    expect(side.runs.map(({ seed, knn }) => [seed, knn])).toEqual([
      [0, 0.3],
      [1, 0.4],
    ]);
    expect(side.runs[0]).not.toHaveProperty('predictions');
  });

  it('of one seed have intervals over the pictures', () => {
    const { low, high } = summarizeSide([run(0, 0.4, [0])], 10_000).intervals.knn;
    // statsmodels.stats.proportion.proportion_confint(4000, 10000, method='wilson')
    expect(low).toBeCloseTo(0.39044, 5);
    expect(high).toBeCloseTo(0.40964, 5);
  });

  it('are compared picture by picture where each side ran once', () => {
    const { knn } = compareSides([run(0, 0.75, [0, 1, 2, 0])], [run(0, 0.5, [0, 1, 0, 0])], labels);
    expect(knn.mean).toBe(0.25);
    expect(knn.withinTolerance).toBe(false);
  });

  it('are compared by means where each side ran several times', () => {
    const ours = [run(0, 0.3, []), run(1, 0.4, [])];
    const theirs = [run(0, 0.31, []), run(1, 0.4, [])];
    const { knn } = compareSides(ours, theirs, labels);
    expect(knn.mean).toBeCloseTo(-0.005, 10);
    expect(knn.withinTolerance).toBe(true);
  });
});

describe('the page and the table', () => {
  const both = resultOf([run(0, 0.75, [0, 1, 2, 0])], [run(0, 0.5, [0, 1, 0, 0])]);

  it('say what was measured', () => {
    const page = comparisonPage([both]);
    expect(page).toContain('## The same number of pictures');
    expect(page).toContain('| pairs seen | 768 | 768 |');
    expect(page).toContain('kNN is 25.0 points above PyTorch');
    expect(page).toContain('not within the 2 points');
    expect(formatResult(both)).toMatch(/^768 pairs seen, one seed/);
  });

  it('say that PyTorch is missing and leave its column out', () => {
    const alone = resultOf([run(0, 0.75, [0, 1, 2, 0])], null);
    expect(tableOf(alone).every((row) => row.length === 2)).toBe(true);
    expect(comparisonPage([alone])).toContain('PyTorch is missing: not installed.');
  });
});

describe('a side', () => {
  const node = (code: string) => ({ command: process.execPath, args: ['-e', code] });

  it('answers with its last line', async () => {
    const lines: string[] = [];
    const code =
      'console.error("going"); console.log("a library talks"); console.log(JSON.stringify({ dim: 4 }))';
    await expect(runSide('side', node(code), (line) => lines.push(line))).resolves.toEqual({ dim: 4 });
    expect(lines).toEqual(['going']);
  });

  it('that fails is named with what it said', async () => {
    const failing = runSide('side', node('console.error("no room"); process.exit(3)'), () => {});
    await expect(failing).rejects.toThrow('side ended (code 3).\nno room');
  });

  it('that says nothing, or is not a program, is named', async () => {
    await expect(runSide('side', node(''), () => {})).rejects.toThrow(
      'side did not end with a result. Received: "".',
    );
    await expect(runSide('side', { command: 'no-such-program', args: [] }, () => {})).rejects.toThrow(
      'side does not start',
    );
  });
});

describe('moments of views', () => {
  const random = (seed: number) => {
    let state = seed;
    return Float32Array.from({ length: 2 * 3072 }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    });
  };

  it('do not depend on the layout', () => {
    const last = random(1);
    const first = last.slice();
    for (let picture = 0; picture < 2; picture++)
      for (let pixel = 0; pixel < 1024; pixel++)
        for (let c = 0; c < 3; c++)
          first[(picture * 3 + c) * 1024 + pixel] = last[(picture * 1024 + pixel) * 3 + c]!;
    expect(momentsOf(first, 2, 'channels-first')).toEqual(momentsOf(last, 2, 'channels-last'));
  });

  it('are those of a gray ramp', () => {
    const ramp = Float32Array.from({ length: 3072 }, (_, i) => (Math.floor(i / 3) % 32) / 31);
    const moments = momentsOf(ramp, 1, 'channels-last');
    const value = (name: (typeof momentNames)[number]) => moments[momentNames.indexOf(name)];
    expect(value('mean red')).toBeCloseTo(0.5, 6);
    expect(value('share of gray views')).toBe(1);
    expect(value('squared difference of neighbors, right')).toBeCloseTo(31 / 32 / 31 ** 2, 6);
    expect(value('squared difference of neighbors, below')).toBe(0);
    expect(value('share of black or white values')).toBeCloseTo(2 / 32, 6);
    expect(value('left half less right half')).toBeCloseTo(-8 / 31, 6);
  });

  it('that differ beyond chance stand out', () => {
    const draws = (offset: number) => [1, 2, 3, 4].map((draw) => momentNames.map(() => offset + draw / 100));
    expect(compareMoments(draws(0), draws(0))[0]!.z).toBe(0);
    expect(compareMoments(draws(1), draws(0))[0]!.z).toBeGreaterThan(4);
  });
});

describe('the learning rate', () => {
  const shares = [0, 0.0001, 0.025, 0.05, 0.3, 0.999, 1, 1.2];

  it('rises, peaks and ends at 0', () => {
    const rates = shares.map((share) => learningRateAt(recipe, share));
    expect(rates[0]).toBeCloseTo(2e-5, 12);
    expect(rates[2]).toBeCloseTo(5e-4, 12);
    expect(rates[3]).toBe(1e-3);
    expect(rates.at(-1)).toBe(0);
  });

  const found = findPython();
  const reason = 'missing' in found ? ` (skipped: ${found.missing})` : '';
  it.skipIf(reason !== '')(`is PyTorch's twin's${reason}`, () => {
    const script = fileURLToPath(new URL('../../bench/comparison/torch_simclr.py', import.meta.url));
    const task = JSON.stringify({ kind: 'rates', threads: 1, recipe, shares });
    const { python } = found as { python: string };
    const { stdout, stderr } = spawnSync(python, [script, task], { encoding: 'utf8' });
    expect(stderr).toBe('');
    const { rates } = JSON.parse(stdout) as { rates: number[] };
    for (const [i, share] of shares.entries()) {
      expect(rates[i], `share ${share}`).toBeCloseTo(learningRateAt(recipe, share), 12);
    }
  });
});
