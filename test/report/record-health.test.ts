import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clone, memory } from '@tensorflow/tfjs-core';
import { type Callback, SimCLR, samplePictures, type Transform } from 'simclr-ts';
import { alignment, embeddingHealth } from 'simclr-ts/evaluation';
import { directory } from 'simclr-ts/node';
import { type RunHealth, readRun, recordHealth, runReport, writeReport } from 'simclr-ts/report';
import { afterAll, describe, expect, it } from 'vitest';
import { tinySimCLR } from '../training/tiny.js';
import { firstUnbalanced } from './balanced.js';

const { images } = samplePictures(24, { classes: 3, size: 8 });
const folder = mkdtempSync(join(tmpdir(), 'simclr-health-'));
afterAll(() => rmSync(folder, { recursive: true }));
const saved = (name: string): RunHealth =>
  JSON.parse(readFileSync(join(folder, name, 'health.json'), 'utf8'));

describe('recordHealth', () => {
  it('measures rank and alignment at the start, in between, and at the end', async () => {
    const simclr = tinySimCLR();
    const told: unknown[] = [];
    const callbacks = [
      recordHealth(join(folder, 'run'), images, {
        measurements: 2,
        batchSize: 10,
        onMeasure: (point) => void told.push(point),
      }),
    ];
    const { epochs } = await simclr.fit(images, { epochs: 2, batchSize: 12, callbacks });
    const health = saved('run');
    expect(health).toMatchObject({ pictures: 24, dim: simclr.encoder.outputs[0]!.shape[1] });
    expect(health.points).toEqual(told);
    expect(health.points.map(({ step }) => step)).toEqual([0, 2, 4]);
    const last = health.points[2]!;
    const h = await simclr.embed(images);
    expect(last.effectiveRank).toBeCloseTo((await embeddingHealth(h)).effectiveRank, 3);
    h.dispose();
    expect(epochs[0]!.metrics).toMatchObject({
      effectiveRank: health.points[1]!.effectiveRank,
      alignment: health.points[1]!.alignment,
    });
    for (const { alignment: ofViews, effectiveRank } of health.points) {
      expect(ofViews).toBeGreaterThan(0);
      expect(ofViews).toBeLessThanOrEqual(4);
      expect(effectiveRank).toBeGreaterThanOrEqual(1);
    }
    simclr.dispose();
  });

  it('measures the alignment of the views that training sees', async () => {
    // Views that are the pictures themselves coincide. They are normalized, so that they lie outside [0, 1].
    const same: Transform<null> = { name: 'same', sample: () => null, apply: (x) => clone(x) };
    const simclr = tinySimCLR({
      augmentation: same,
      normalization: { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] },
    });
    await simclr.fit(images, {
      epochs: 1,
      batchSize: 12,
      maxSteps: 1,
      callbacks: [recordHealth(join(folder, 'same'), images)],
    });
    const [first] = saved('same').points;
    expect(first!.alignment).toBeCloseTo(0, 6);
    const view = { data: Float32Array.of(1, 0, 0, 1), shape: [2, 2] } as const;
    expect(await alignment(view, view)).toBe(0);
    simclr.dispose();
  });

  it('leaves no tensor, and the losses of training as they are', async () => {
    const fit = { epochs: 1, batchSize: 12 };
    const plain = tinySimCLR();
    const expected = await plain.fit(images, fit);
    const simclr = tinySimCLR();
    const counts: number[] = [];
    const count: Callback = { onStepEnd: () => void counts.push(memory().numTensors) };
    const recorder = recordHealth(join(folder, 'leaks'), images, { measurements: 3 });
    const { steps } = await simclr.fit(images, { ...fit, callbacks: [recorder, count] });
    expect(steps.map(({ loss }) => loss)).toEqual(expected.steps.map(({ loss }) => loss));
    expect(new Set(counts.slice(1)).size).toBe(1);
    for (const each of [plain, simclr]) each.dispose();
  });

  it('continues a run after it was loaded, and begins again with other pictures', async () => {
    const simclr = tinySimCLR();
    const dir = join(folder, 'continued');
    const fit = { batchSize: 12, callbacks: [recordHealth(dir, images, { measurements: 1 })] };
    await simclr.fit(images, { ...fit, epochs: 1 });
    const earlier = saved('continued').points;
    await simclr.save(directory(join(folder, 'model')));
    simclr.dispose();
    const loaded = await SimCLR.load(directory(join(folder, 'model')));
    await loaded.fit(images, { ...fit, epochs: 2, resume: true });
    const { points } = saved('continued');
    expect(points.map(({ step }) => step)).toEqual([0, 2, 4]);
    expect(points.slice(0, 2)).toEqual(earlier);
    const fewer = samplePictures(6, { size: 8 }).images;
    const callbacks = [recordHealth(dir, fewer, { measurements: 1 })];
    await loaded.fit(images, { batchSize: 12, epochs: 3, resume: true, callbacks });
    expect(saved('continued')).toMatchObject({ pictures: 6, points: [{ step: 4 }, { step: 6 }] });
    loaded.dispose();
  });

  it('refuses one picture, and another document in its place', async () => {
    expect(() => recordHealth(folder, samplePictures(1, { size: 8 }).images)).toThrow(
      'recordHealth: images must hold at least 2 pictures. Received: images=[1,8,8,3].',
    );
    const dir = join(folder, 'damaged');
    const simclr = tinySimCLR();
    const callbacks = [recordHealth(dir, images)];
    await simclr.fit(images, { epochs: 1, batchSize: 12, maxSteps: 1, callbacks });
    writeFileSync(join(dir, 'health.json'), '{"points":[{"step":-1}]}');
    const again = simclr.fit(images, { epochs: 1, batchSize: 12, callbacks });
    await expect(again).rejects.toThrow(/health\.json must hold ranks during training/);
    await expect(readRun(dir)).rejects.toThrow(/health\.json must hold ranks during training/);
    simclr.dispose();
  });
});

it('has charts in the report', async () => {
  const point = { seconds: 1, alignment: 0.5, effectiveRank: 10 };
  const points = [
    { ...point, step: 0, minutes: 0 },
    { ...point, step: 9, minutes: 2.5, effectiveRank: 17.5, alignment: 0.25 },
  ];
  const health: RunHealth = { pictures: 1200, dim: 512, points };
  const run = { name: 'run', losses: [], settings: null, evaluation: null, quality: null, health };
  expect(runReport(run).health).toEqual(health);
  const html = readFileSync(await writeReport(join(folder, 'report.html'), { title: 'Run', health }), 'utf8');
  expect(firstUnbalanced(html)).toBeUndefined();
  expect(html).toContain('<h2>Health over time</h2>');
  expect(html).toContain('10.0 after 0, 17.5 after 2.5');
  expect(html).toContain('0.500 after 0, 0.250 after 2.5');
  expect(html).toContain('1,200 pictures');
  // Without views there is one chart, and one point makes none.
  const blind = { ...health, points: points.map((each) => ({ ...each, alignment: null })) };
  const other = await writeReport(join(folder, 'other.html'), { title: 'Run', health: blind });
  expect(readFileSync(other, 'utf8')).not.toContain('alignment) over');
  const single = await writeReport(join(folder, 'single.html'), {
    title: 'Run',
    health: { ...health, points: points.slice(0, 1) },
  });
  expect(readFileSync(single, 'utf8')).not.toContain('Health over time');
});
