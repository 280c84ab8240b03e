import { describe, expect, it } from 'vitest';
import { learningChart } from '../../bench/learning/curve/chart.js';
import { learningPage } from '../../bench/learning/curve/page.js';
import type { CurveRun } from '../../bench/learning/curve/result.js';

function run(minutes: number, seed: number, knn: number, change: Partial<CurveRun> = {}): CurveRun {
  const worth = (accuracy: number) => ({ knn: { accuracy }, linearProbe: { accuracy: accuracy + 0.01 } });
  return {
    dataset: 'cifar10',
    side: 'simclr-ts',
    framework: 'simclr-ts on wasm',
    minutes,
    seed,
    pairs: 1000 * minutes,
    evaluation: {
      testImages: 10_000,
      whitenedPixels: worth(0.4),
      before: worth(0.5),
      after: worth(0.55),
      readout: { before: worth(0.6), after: worth(knn) },
      readoutWithFlips: { before: worth(0.62), after: worth(knn + 0.02) },
      gains: { readout: { overBefore: { knn: { difference: knn - 0.6, low: 0.01, high: 0.07 } } } },
    },
    machine: 'a processor, 2 cores',
    date: '2026-01-02',
    ...change,
  };
}

describe('the page about minutes', () => {
  it('has a row for each side and number of minutes, in their order', () => {
    const page = learningPage([
      run(15, 0, 0.66),
      run(5, 0, 0.64),
      run(5, 0, 0.63, { side: 'pytorch', framework: 'PyTorch 1.13' }),
    ]);
    const rows = page.split('\n').filter((line) => /^\| (simclr-ts|PyTorch) /.test(line));
    expect(rows.map((row) => row.split(' | ').slice(0, 4))).toEqual([
      ['| simclr-ts', '5', '5,000', '64.0'],
      ['| PyTorch', '5', '5,000', '63.0'],
      ['| simclr-ts', '15', '15,000', '66.0'],
    ]);
    expect(rows[0]).toContain('+4.0 (+1.0 to +7.0)');
    expect(page).toContain('| pixels averaged to 16x16, whitened | 40.0 | 41.0 |');
  });

  it('gives means of several seeds, with the lowest and the highest', () => {
    const page = learningPage([run(1, 0, 0.62), run(1, 1, 0.64)]);
    expect(page).toContain('| simclr-ts | 1 | 1,000 | 63.0 (62.0 to 64.0) | +3.0 (+2.0 to +4.0) |');
    expect(page).toContain('means of 2 seeds');
  });
});

describe('the section about the search', () => {
  const result = (trial: string, seed: number, readout: string, knn20: number) => ({
    ...{ trial, seed, pairs: 90_000, processorSeconds: 150.4, readout, dim: 256, knn20, knn200: 0.7 },
  });

  it('has a row for each trial, and a column for each read-out', () => {
    const page = learningPage([run(1, 0, 0.62)], {
      machine: 'a processor',
      results: [
        result('untrained', 1, 'h', 0.33),
        result('untrained', 1, 'layer1', 0.58),
        result('layer1', 1, 'layer1', 0.6),
        result('layer1', 2, 'layer1', 0.64),
      ],
    });
    expect(page).toContain('| trial | pairs | processor seconds | h | layer1 |');
    expect(page).toContain('| untrained | 90,000 | 150 | 33.0 | 58.0 |');
    expect(page).toContain('| layer1 | 90,000 | 150 |  | 62.0 (60.0 to 64.0) |');
  });
});

describe('the chart about minutes', () => {
  const labels = (svg: string) => [...svg.matchAll(/>([^<>]+)<\/text>/g)].map(([, label]) => label);

  it('has a line for each side and each representation, and the level of the pixels', () => {
    const svg = learningChart([run(1, 0, 0.62), run(7, 0, 0.65), run(7, 0, 0.63, { side: 'pytorch' })]);
    expect(labels(svg)).toEqual(
      expect.arrayContaining([
        'simclr-ts, read-out',
        'simclr-ts, h',
        'PyTorch, read-out',
        'PyTorch, h',
        'whitened pixels',
      ]),
    );
  });

  it('has no line for a side that was not measured', () => {
    expect(labels(learningChart([run(1, 0, 0.62)]))).not.toContain('PyTorch, h');
  });
});
