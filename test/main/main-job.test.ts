import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

describe('npm start, small', () => {
  let out = '';
  let stdout = '';
  beforeAll(async () => {
    out = await mkdtemp(join(tmpdir(), 'simclr-ts-main-'));
    const flags = '--images 192 --epochs 2 --batch-size 64 --references 200 --test-images 200 --seed 3'.split(
      ' ',
    );
    ({ stdout } = await run('npm', ['start', '--', ...flags, '--out', out], {
      cwd: root,
      maxBuffer: 2 ** 26,
    }));
  });
  afterAll(() => rm(out, { recursive: true, force: true }));

  it('writes the figures that it prints', async () => {
    const report = JSON.parse(await readFile(join(out, 'report.json'), 'utf8'));
    expect(report).toMatchObject({ seed: 3, images: 192, testImages: 200, outcome: 'completed' });
    expect(report.backend).toMatch(/^(tfjs-node-gpu|webgpu|tfjs-node|wasm|cpu)$/);
    expect(report.encoder).toContain('ResNet-18');
    expect(report.epochs).toHaveLength(2);
    for (const epoch of report.epochs) {
      expect(epoch.steps).toBe(3);
      // Two views of 64 pictures cannot be told apart at first: near ln(127), and finite.
      expect(epoch.loss).toBeGreaterThan(2);
      expect(epoch.loss).toBeLessThan(7);
      expect(epoch.seconds).toBeGreaterThan(0);
      expect(epoch.pairsPerSecond).toBeCloseTo(192 / epoch.seconds, 3);
    }
    for (const name of ['rawPixels', 'before', 'after']) {
      const { knn, linearProbe } = report.evaluation[name];
      for (const accuracy of [knn, linearProbe]) {
        expect(accuracy * 200).toBeCloseTo(Math.round(accuracy * 200), 6);
        expect(stdout).toContain(`${(100 * accuracy).toFixed(1)} %`);
      }
    }
    // 200 labeled pictures tell ten classes apart better than chance (0.1) by their pixels alone.
    expect(report.evaluation.rawPixels.knn).toBeGreaterThan(0.15);
  });

  it('leaves a run to compare with another', async () => {
    const lines = (await readFile(join(out, 'losses.jsonl'), 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).step)).toEqual([0, 1, 2, 3, 4, 5]);
    const evaluation = JSON.parse(await readFile(join(out, 'evaluation.json'), 'utf8'));
    expect(evaluation.labels).toHaveLength(200);
    const settings = JSON.parse(await readFile(join(out, 'training.json'), 'utf8'));
    expect(settings).toMatchObject({ seed: 3, training: { images: 192, batchSize: 64, epochs: 2 } });
  });

  it('writes a page that loads nothing, and a checkpoint', async () => {
    const page = await readFile(join(out, 'report.html'), 'utf8');
    expect(page.match(/data:image\/png/g)!.length).toBeGreaterThan(100);
    expect(page).not.toMatch(/(src|href)="https?:/);
    for (const heading of ['What labels are worth', 'Which classes are mistaken for which?']) {
      expect(page).toContain(heading);
    }
    expect(await readdir(join(out, 'checkpoint'))).toEqual(
      expect.arrayContaining(['model.json', 'weights.bin']),
    );
  });
});

describe('npm start, asked wrongly', () => {
  it.each([
    [['--minutes', 'soon'], /--minutes.*number/s],
    [['--backend', 'gpu9000'], /prefer.*gpu9000/s],
    [['--out', '/dev/null/nowhere'], /\/dev\/null/],
  ])('%j ends with a sentence and a code', async (flags, expected) => {
    const failure = await run('npm', ['start', '--', ...flags], { cwd: root }).catch((error) => error);
    expect(failure.code).not.toBe(0);
    expect(failure.stderr).toMatch(expected);
    expect(failure.stderr).not.toMatch(/\n\s+at .*node:internal/);
  });
});
