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
    const flags = '--limit 192 --epochs 2 --batch-size 64 --references 200 --test-images 200 --seed 3'.split(
      ' ',
    );
    ({ stdout } = await run('npm', ['start', '--', ...flags, '--out', out], {
      cwd: root,
      maxBuffer: 2 ** 26,
    }));
  });
  afterAll(() => rm(out, { recursive: true, force: true }));

  it('prints what it measured', async () => {
    expect(stdout).toMatch(
      /Trained for 6 steps on 192 pictures\.\nearly stages +loss \d\.\d{4} to \d\.\d{4}, means of the first and last \w+\nloss +\d\.\d{4} to \d\.\d{4}, means of the first and last \w+ \(4\.8442 is guessing\)/,
    );
    const table = /Accuracy on 200 test pictures[\s\S]*?\n\n/.exec(stdout)![0];
    for (const name of [
      'raw pixels',
      'pixels, centered',
      'pixels, whitened',
      'h before training',
      'h after training',
      'read-out before training',
      'read-out after training',
      'read-out after training, with flips',
    ]) {
      const percents = new RegExp(`^${name} +(\\d+\\.\\d) %`, 'm').exec(table)!;
      // Of 200 pictures: a multiple of half a percent.
      expect(2 * Number(percents[1])).toBeCloseTo(Math.round(2 * Number(percents[1])), 6);
    }
    // 200 labeled pictures tell ten classes apart better than chance (10 %) by their pixels alone.
    expect(Number(/^raw pixels +(\d+\.\d)/m.exec(table)![1])).toBeGreaterThan(15);
    expect(stdout).toMatch(/^At the read-out, training (gained|changed) [+-]\d+\.\d points/m);
    expect(stdout).toMatch(/read-out before training +[+-]\d+\.\d \([+-]\d+\.\d to [+-]\d+\.\d\)/);
  });

  it('leaves a run to compare with another', async () => {
    const lines = (await readFile(join(out, 'losses.jsonl'), 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).step)).toEqual([0, 1, 2, 3, 4, 5]);
    for (const line of lines) {
      // Two views of 64 pictures cannot be told apart at first: near ln(127), and finite.
      expect(JSON.parse(line).loss).toBeGreaterThan(2);
      expect(JSON.parse(line).loss).toBeLessThan(7);
    }
    const evaluation = JSON.parse(await readFile(join(out, 'evaluation.json'), 'utf8'));
    expect(evaluation.labels).toHaveLength(200);
    const settings = JSON.parse(await readFile(join(out, 'training.json'), 'utf8'));
    expect(settings).toMatchObject({
      seed: 3,
      recipe: { name: 'minutes', training: { datasetSize: 192, batchSize: 64, epochs: 2 } },
    });
  });

  it('writes a page that loads nothing, and a model', async () => {
    const page = await readFile(join(out, 'report.html'), 'utf8');
    expect(page.match(/data:image\/png/g)!.length).toBeGreaterThan(100);
    expect(page).not.toMatch(/(src|href)="https?:/);
    for (const heading of ['SimCLR on CIFAR-10', 'What labels are worth', 'Which classes are mistaken']) {
      expect(page).toContain(heading);
    }
    expect(await readdir(out)).toEqual(expect.arrayContaining(['model.json', 'weights.bin']));
  });
});

describe('npm start, asked wrongly', () => {
  it.each([
    [['--minutes', 'soon'], /--minutes.*number/s],
    [['--backend', 'gpu9000'], /--backend.*gpu9000/s],
    [['--out', '/dev/null/nowhere'], /\/dev\/null/],
  ])('%j ends with a sentence and a code', async (flags, expected) => {
    const failure = await run('npm', ['start', '--', ...flags], { cwd: root }).catch((error) => error);
    expect(failure.code).not.toBe(0);
    expect(failure.stderr).toMatch(expected);
    expect(failure.stderr).not.toMatch(/\n\s+at .*node:internal/);
  });
});
