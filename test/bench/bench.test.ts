import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { compare, figuresOf, memoryFigures } from '../../bench/compare.js';
import { convolutions, kernelNames, kernelOperations } from '../../bench/kernel-shapes.js';
import { interleave, type Worker } from '../../bench/measure.js';
import { buildRows, type Row, selectRows } from '../../bench/rows.js';
import { runRows } from '../../bench/run-rows.js';
import { findRuntime } from '../../bench/runtimes.js';
import { median, quartiles, slope } from '../../bench/statistics.js';
import { formatHeader, formatResult } from '../../bench/table.js';
import { startWorker } from '../../bench/worker-process.js';

const rows = buildRows({ batch: 32, stockBatch: 8, threads: 2, cores: 2 });
const rowOf = (name: string) => rows.find((row) => row.name === name)!;
const script = fileURLToPath(new URL('./worker.mjs', import.meta.url));
const log = join(mkdtempSync(join(tmpdir(), 'simclr-bench-')), 'turns');
const commandOf = (name: string, fault = 'none') => ({
  command: process.execPath,
  args: [script, name, log, fault],
});
const quick = { rounds: 3, warmups: 1, shortestTurn: 0, rest: 0 };

describe('statistics', () => {
  it('medians and quartiles lie between neighbors', () => {
    // numpy.quantile([4, 1, 3, 2], [0.25, 0.5, 0.75])
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(quartiles([4, 1, 3, 2])).toEqual([1.75, 3.25]);
    expect(median([5])).toBe(5);
  });

  it('the slope is that of the line nearest to the points', () => {
    const line = [1, 2, 4].map((x) => [x, 2 * x + 1] as const);
    expect(slope(line)).toBeCloseTo(2, 12);
    // numpy.polyfit([0, 1, 2, 3], [1, 3, 2, 5], 1)[0]
    expect(slope([1, 3, 2, 5].map((y, x) => [x, y] as const))).toBeCloseTo(1.1, 12);
  });
});

describe('rows', () => {
  it('have the names that others rely on', () => {
    expect(rows.slice(0, 12).map(({ name }) => name)).toEqual([
      'step-96-wasm-vs-stock',
      'step-96-wasm-vs-pytorch',
      'step-96-wasm-vs-pytorch-new',
      'step-96-wasm-vs-tfjs-node',
      'step-32-wasm-vs-pytorch',
      'step-96-wasm-vs-pytorch-1-thread',
      'mobilenet-96-vs-pytorch',
      'threads-2-vs-1',
      'embed-96-wasm-vs-pytorch',
      'augment-share',
      'gradcache-4096-memory',
      'gradcache-overhead',
    ]);
    const others = [
      ...kernelNames.map((name) => `kernel-${name}`),
      'gemm-gflops',
      'gemm-vs-jax-js',
      'conv-vs-jax-js',
      'conv-input-gradient-vs-jax-js',
      'conv-filter-gradient-vs-jax-js',
      'mpi-2-vs-1',
    ];
    expect(rows.slice(12).map(({ name }) => name)).toEqual(others);
  });

  it('give both sides the same work and threads, but for the stock backend', () => {
    for (const { name, figure, ours, baseline } of rows) {
      const several = name === 'threads-2-vs-1' || name === 'mpi-2-vs-1';
      if (figure !== 'speed' || several || baseline.runtime === 'stock') continue;
      expect(baseline.work, name).toEqual(ours.work);
      expect(baseline.threads, name).toBe(ours.threads);
    }
    expect(rowOf('step-96-wasm-vs-pytorch-1-thread').ours.threads).toBe(1);
    expect(rowOf('threads-2-vs-1')).toMatchObject({ ours: { threads: 2 }, baseline: { threads: 1 } });
    const onMore = buildRows({ batch: 32, stockBatch: 8, threads: 2, cores: 12 });
    expect(selectRows(onMore, 'threads-*')).toMatchObject([
      { name: 'threads-2-vs-1' },
      { name: 'threads-12-vs-1', ours: { threads: 12 }, baseline: { threads: 1 } },
    ]);
    // Two ranks take twice the pictures.
    expect(rowOf('mpi-2-vs-1')).toMatchObject({
      ours: { threads: 1, work: { batch: 64 } },
      baseline: { threads: 1, work: { batch: 32 } },
    });
    expect(rowOf('step-96-wasm-vs-stock').baseline.work).toMatchObject({ batch: 8 });
  });

  it('are chosen by name or by beginning', () => {
    const chosen = selectRows(rows, 'augment-share, kernel-*').map(({ name }) => name);
    expect(chosen).toHaveLength(1 + kernelNames.length);
    expect(() => selectRows(rows, 'augment-share,step')).toThrow('Received: "step".');
  });
});

describe('kernelOperations', () => {
  it('counts a convolution the same in all three products', () => {
    // 64 pictures, 24 x 24 pixels, 9 taps, 64 to 64 channels, a multiplication and an addition
    const operations = 2 * 64 * 24 * 24 * 9 * 64 * 64;
    expect(kernelOperations('conv-3x3', 64)).toBe(operations);
    expect(kernelOperations('conv-3x3-input-gradient', 64)).toBe(operations);
    expect(kernelOperations('conv-3x3-filter-gradient', 64)).toBe(operations);
    expect(kernelOperations('conv-7x7-stride-2', 1)).toBe(2 * 48 * 48 * 49 * 3 * 64);
    expect(Object.keys(convolutions).every((name) => kernelNames.includes(name as never))).toBe(true);
    expect(kernelOperations('batch-normalization', 64)).toBeUndefined();
  });
});

describe('interleave', () => {
  it('takes turns, discards warm-ups, and repeats what is short', async () => {
    const calls: string[] = [];
    const worker = (name: string, seconds: number): Worker => ({
      label: name,
      memory: { prepared: 0, peak: 0 },
      run: async (repetitions) => {
        calls.push(`${name} ${repetitions}`);
        // The first run is slow, as before any compilation.
        return calls.length <= 2 ? seconds * 2 * repetitions : seconds * repetitions;
      },
      close: async () => {},
    });
    const options = { rounds: 2, warmups: 2, shortestTurn: 1, rest: 0 };
    const timings = await interleave(worker('a', 0.25), worker('b', 2), options);
    expect(calls).toEqual(['a 1', 'b 1', 'a 2', 'b 1', 'a 4', 'b 1', 'a 4', 'b 1']);
    expect(timings).toEqual({ ours: [0.25, 0.25], baseline: [2, 2] });
  });
});

describe('figures', () => {
  it('are speeds, and the ratio says how often faster ours is', () => {
    const timings = { ours: [4, 2, 8], baseline: [8, 8, 8] };
    const figures = figuresOf(rowOf('step-96-wasm-vs-stock'), timings);
    // 32 pairs in 4 s against 8 pairs in 8 s
    expect(figures).toMatchObject({ value: 8, baselineValue: 1, ratio: 8 });
    expect(figures.spread).toEqual({ value: [6, 12], baseline: [1, 1], ratio: [6, 12] });
  });

  it('of overhead are seconds a pair, and their quotient', () => {
    const figures = figuresOf(rowOf('gradcache-overhead'), { ours: [2, 4, 3], baseline: [2, 2, 2] });
    expect(figures).toMatchObject({ value: 3 / 128, baselineValue: 2 / 128, ratio: 1.5 });
    expect(figures.spread.ratio).toEqual([1.25, 1.75]);
  });

  it('of memory are the peak, and what the baseline would need for as many pictures', () => {
    const row = rowOf('gradcache-4096-memory');
    // 256 pictures took 50 MB more than nothing: 4096 take 800.
    const figures = memoryFigures(row, { prepared: 100, peak: 180 }, { prepared: 100, peak: 150 });
    expect(figures).toMatchObject({ value: 180, baselineValue: 900, ratio: 0.2 });
  });

  it('of a share fall with our time', () => {
    const timings = { ours: [0.2, 0.2, 0.2], baseline: [4, 4, 4] };
    const figures = figuresOf(rowOf('augment-share'), timings);
    expect(figures).toMatchObject({ value: 0.05, baselineValue: 0.1, ratio: 2 });
  });
});

describe('worker processes', () => {
  const start = (name: string, fault = 'none', timeout = 60) =>
    startWorker(name, commandOf(name, fault), timeout);

  it('are compared in turns and ended', async () => {
    const row: Row = rowOf('step-96-wasm-vs-pytorch');
    const result = await compare(row, (side) => start(side.runtime), quick);
    expect(result).toMatchObject({
      name: row.name,
      unit: 'pairs/s',
      value: 64,
      baseline: 'pytorch',
      baselineValue: 32,
      ratio: 2,
      ours: 'ours',
      rounds: 3,
    });
    expect(readFileSync(log, 'utf8').trim().split('\n')).toEqual(
      Array.from({ length: 4 }, () => ['ours', 'pytorch']).flat(),
    );
    expect(formatResult(result)).toMatch(/^step-96-wasm-vs-pytorch +64\.0 +32\.0 pairs\/s +2\.00 /);
    expect(formatHeader().indexOf('unit')).toBe(formatResult(result).indexOf('pairs/s'));
  });

  it('that fail are an error with what they said', async () => {
    await expect(start('stock', 'no start')).rejects.toThrow('stock: nothing to run');
    await expect(startWorker('none', { command: 'no-such-command', args: [] })).rejects.toThrow(
      'none does not start',
    );
    const dying = await start('stock', 'dies');
    await expect(dying.run(1)).rejects.toThrow('stock ended (code 7).\nout of memory');
    await dying.close();
    const silent = await start('stock', 'silent', 2);
    await expect(silent.run(1)).rejects.toThrow('stock did not answer in 2 s.');
    await silent.close();
  });
});

describe('runRows', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('leaves out what has no baseline, and continues after a failure', async () => {
    const lines: string[] = [];
    const written: number[] = [];
    const chosen = selectRows(rows, 'step-96*');
    const { results, failed } = await runRows(chosen, quick, {
      find: (name) => {
        if (name.startsWith('pytorch')) return { missing: 'PyTorch is not here' };
        return { start: () => commandOf(name, name === 'stock' ? 'no start' : 'none') };
      },
      print: (line) => lines.push(line),
      onResult: async (all) => void written.push(all.length),
    });
    expect(failed).toBe(1);
    expect(results.map(({ name }) => name)).toEqual(['step-96-wasm-vs-tfjs-node']);
    expect(written).toEqual([1]);
    expect(lines.slice(1)).toEqual([
      'step-96-wasm-vs-stock: failed. stock: nothing to run',
      'step-96-wasm-vs-pytorch: left out, PyTorch is not here.',
      'step-96-wasm-vs-pytorch-new: left out, PyTorch is not here.',
      expect.stringMatching(/^step-96-wasm-vs-tfjs-node /),
      'step-96-wasm-vs-pytorch-1-thread: left out, PyTorch is not here.',
    ]);
  });

  it('does not take a Python without PyTorch', () => {
    vi.stubEnv('SIMCLR_PYTHON', 'no-such-python');
    expect(findRuntime('pytorch')).toEqual({
      missing: expect.stringContaining('cannot be imported by SIMCLR_PYTHON=no-such-python'),
    });
  });
});
