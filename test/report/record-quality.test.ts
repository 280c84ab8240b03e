import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memory } from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { type Callback, samplePictures, selectImages } from 'simclr-ts';
import {
  evaluateRun,
  type QualityPoint,
  type RunQuality,
  readRun,
  recordQuality,
  runReport,
  writeReport,
} from 'simclr-ts/report';
import { afterAll, describe, expect, it } from 'vitest';
import { tinySimCLR } from '../training/tiny.js';
import { firstUnbalanced } from './balanced.js';

const all = samplePictures(36, { classes: 3, size: 8 });
const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const pictures = { references: selectImages(all, rows(0, 24)), test: selectImages(all, rows(24, 36)) };
const options = { neighbors: 5, batchSize: 10 };

const folder = mkdtempSync(join(tmpdir(), 'simclr-quality-'));
afterAll(() => rmSync(folder, { recursive: true }));
const saved = (name: string): RunQuality =>
  JSON.parse(readFileSync(join(folder, name, 'quality.json'), 'utf8'));

describe('recordQuality', () => {
  it('measures at the start, in between, and at the end what evaluateRun measures', async () => {
    const simclr = tinySimCLR();
    const dir = join(folder, 'run');
    const told: QualityPoint[] = [];
    const recorder = recordQuality(dir, pictures, {
      ...options,
      measurements: 3,
      onMeasure: (point, quality) => {
        told.push(point);
        expect(quality.points.at(-1)).toEqual(point);
      },
    });
    const evaluated = await evaluateRun(
      simclr,
      pictures,
      // Three steps per epoch, and six in all: after every second one.
      () => simclr.fit(all.images, { epochs: 2, batchSize: 12, callbacks: [recorder] }),
      options,
    );
    const quality = saved('run');
    expect(quality.points).toEqual(told);
    expect(quality).toMatchObject({ representation: 'readout', references: 24, testImages: 12 });
    expect(quality.whitenedPixels).toBe(evaluated.whitenedPixels.knn.accuracy);
    expect(quality.points.map(({ step }) => step)).toEqual([0, 2, 4, 6]);
    expect(quality.points[0]!.accuracy).toBe(evaluated.readout!.before.knn.accuracy);
    expect(quality.points[3]!.accuracy).toBe(evaluated.readout!.after!.knn.accuracy);
    const minutes = quality.points.map((point) => point.minutes);
    expect(minutes).toEqual([...minutes].sort((a, b) => a - b));
    expect(minutes[3]).toBe(simclr.progress.seconds / 60);
    expect(evaluated.history.epochs.map(({ metrics }) => metrics.knn)).toEqual([
      quality.points[1]!.accuracy,
      quality.points[2]!.accuracy,
    ]);
    simclr.dispose();
  });

  it('leaves no tensor, and the losses of training as they are', async () => {
    const plain = tinySimCLR();
    const fit = { epochs: 1, batchSize: 12 };
    const expected = await plain.fit(all.images, fit);
    const simclr = tinySimCLR();
    const counts: number[] = [];
    const count: Callback = { onStepEnd: () => void counts.push(memory().numTensors) };
    const recorder = recordQuality(join(folder, 'leaks'), pictures, { ...options, measurements: 3 });
    const { steps } = await simclr.fit(all.images, { ...fit, callbacks: [recorder, count] });
    expect(steps.map(({ loss }) => loss)).toEqual(expected.steps.map(({ loss }) => loss));
    expect(new Set(counts.slice(1)).size).toBe(1);
    for (const each of [plain, simclr]) each.dispose();
  });

  it('continues a run, by the same trainer and by the next one', async () => {
    const simclr = tinySimCLR();
    const dir = join(folder, 'continued');
    const callbacks = [recordQuality(dir, pictures, { ...options, measurements: 1 })];
    const fit = { batchSize: 12, callbacks };
    await simclr.fit(all.images, { ...fit, epochs: 1 });
    const [start, middle] = saved('continued').points;
    await simclr.fit(all.images, { ...fit, epochs: 2, resume: true });
    const points = saved('continued').points;
    expect(points.map(({ step }) => step)).toEqual([0, 3, 6]);
    expect(points.slice(0, 2)).toEqual([start, middle]);
    const next = tinySimCLR();
    const before = simclr.progress;
    await next.fit(all.images, {
      epochs: 1,
      batchSize: 12,
      callbacks: [recordQuality(dir, pictures, { ...options, measurements: 1, before })],
    });
    const both = saved('continued').points;
    expect(both.map(({ step }) => step)).toEqual([0, 3, 6, 9]);
    expect(both[3]!.minutes).toBeCloseTo((simclr.progress.seconds + next.progress.seconds) / 60, 4);
    // Of other pictures: begun again, because the baseline is of these.
    const fewer = { ...pictures, test: selectImages(all, rows(24, 30)) };
    await simclr.fit(all.images, {
      ...fit,
      epochs: 3,
      resume: true,
      callbacks: [recordQuality(dir, fewer, { ...options, measurements: 1 })],
    });
    expect(saved('continued')).toMatchObject({ testImages: 6, points: [{ step: 6 }, { step: 9 }] });
    for (const each of [simclr, next]) each.dispose();
  });

  it('measures h where there is no read-out, at the end of epochs where the length is unknown', async () => {
    const encoder = sequential({
      layers: [layers.flatten({ inputShape: [8, 8, 3] }), layers.dense({ units: 8, activation: 'relu' })],
    });
    const simclr = tinySimCLR({ encoder });
    const batches = {
      async *[Symbol.asyncIterator]() {
        for (const first of [0, 12]) yield selectImages(all, rows(first, first + 12)).images;
      },
    };
    const callbacks = [recordQuality(join(folder, 'h'), pictures, options)];
    const { epochs } = await simclr.fit(batches, { epochs: 2, batchSize: 12, callbacks });
    const { representation, points } = saved('h');
    expect(representation).toBe('h');
    expect(points.map(({ step }) => step)).toEqual([0, 2, 4]);
    expect(epochs.map(({ metrics }) => metrics.knn)).toEqual(points.slice(1).map(({ accuracy }) => accuracy));
    simclr.dispose({ includeGiven: true });
  });

  it('measures nothing more of an aborted run', async () => {
    const simclr = tinySimCLR();
    const abort = new AbortController();
    await simclr.fit(all.images, {
      epochs: 1,
      batchSize: 12,
      signal: abort.signal,
      callbacks: [
        recordQuality(join(folder, 'aborted'), pictures, { ...options, measurements: 1 }),
        { onStepEnd: () => abort.abort() },
      ],
    });
    expect(saved('aborted').points).toHaveLength(1);
    simclr.dispose();
  });

  it.each([
    ['text', 'no json', /quality\.json must hold accuracies during training/],
    ['another document', '{"points":[{"step":-1}]}', /quality\.json must hold accuracies during training/],
  ])('refuses %s in its place, and readRun does', async (_, text, message) => {
    const simclr = tinySimCLR();
    const dir = join(folder, text.slice(0, 2));
    const recorder = recordQuality(dir, pictures, options);
    await simclr.fit(all.images, { epochs: 1, batchSize: 12, maxSteps: 1, callbacks: [recorder] });
    writeFileSync(join(dir, 'quality.json'), text);
    const again = simclr.fit(all.images, { epochs: 1, batchSize: 12, callbacks: [recorder] });
    await expect(again).rejects.toThrow(message);
    await expect(readRun(dir)).rejects.toThrow(message);
    // A new run replaces it.
    const other = tinySimCLR();
    await other.fit(all.images, { epochs: 1, batchSize: 12, callbacks: [recorder] });
    expect((await readRun(dir)).quality!.points.map(({ step }) => step)).toContain(3);
    for (const each of [simclr, other]) each.dispose();
  });
});

it('has a chart in the report, beside whitened pixels and the time before training', async () => {
  const quality: RunQuality = {
    representation: 'readout',
    references: 2000,
    testImages: 1000,
    whitenedPixels: 0.42,
    points: [0.51, 0.55, 0.58].map((accuracy, i) => ({ step: 10 * i, minutes: 2 * i, accuracy, seconds: 3 })),
  };
  const page = readFileSync(
    await writeReport(join(folder, 'report.html'), { title: 'a run', quality }),
    'utf8',
  );
  expect(firstUnbalanced(page)).toBeUndefined();
  for (const text of [
    'Quality over time',
    '1,000 test pictures',
    'pixels, whitened: 42.0 %',
    'before training: 51.0 %',
    '51.0 % after 0, 55.0 % after 2, 58.0 % after 4',
    'Measuring took\n9 s',
  ]) {
    expect(page).toContain(text);
  }
  const run = { name: 'run', losses: [], settings: null, evaluation: null, quality: null, health: null };
  expect(runReport({ ...run, quality })).toMatchObject({ quality });
  expect(runReport(run)).not.toHaveProperty('quality');
});
