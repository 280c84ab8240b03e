import { existsSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataError } from '../../src/errors/index.js';
import { accuracyDifference } from '../../src/evaluation/index.js';
import { adjustRecipe, basicRecipe, lightlyCIFAR10 } from '../../src/recipes/index.js';
import {
  compareRuns,
  type RunEvaluation,
  readRun,
  recordLosses,
  runReport,
  saveEvaluation,
  writeComparison,
  writeReport,
} from '../../src/report/index.js';
import { tinyPictures, tinySimCLR } from '../training/tiny.js';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'simclr-runs-'));
});
afterAll(() => rm(root, { recursive: true }));

/** 40 test pictures of two classes; the first `wrong` predictions of the probe are wrong. */
function evaluation(wrong: number): RunEvaluation {
  const labels = Array.from({ length: 40 }, (_, i) => i % 2);
  const except = (count: number) => labels.map((label, i) => (i < count ? 1 - label : label));
  return {
    classNames: ['cat', '<dog>'],
    pictures: labels.map((_, i) => `${i}.png`),
    labels,
    predictions: { knn: except(wrong + 2), linearProbe: except(wrong) },
  };
}

async function writeRun(name: string, settings: object, wrong: number | null, steps = 30): Promise<string> {
  const dir = join(root, name);
  await mkdir(dir, { recursive: true });
  const lines = Array.from({ length: steps }, (_, step) =>
    JSON.stringify({ step, epoch: 0, loss: 4 - step / steps, learningRate: 0.1, pairs: 16, seconds: 1 }),
  );
  await writeFile(join(dir, 'losses.jsonl'), lines.map((line) => `${line}\n`).join(''));
  await writeFile(join(dir, 'training.json'), JSON.stringify(settings));
  if (wrong !== null) await saveEvaluation(dir, evaluation(wrong));
  return dir;
}

const small = adjustRecipe(basicRecipe, { training: { batchSize: 16 } });
const first = { recipe: small, seed: 0, limit: null };
const second = { recipe: adjustRecipe(small, { temperature: 0.2 }), seed: 0, limit: 500 };

describe('recordLosses', () => {
  it('writes each step, and continues where a checkpoint does', async () => {
    const dir = join(root, 'recorded');
    const simclr = tinySimCLR();
    const pictures = tinyPictures(8);
    const { steps } = await simclr.fit(pictures, { epochs: 2, batchSize: 4, callbacks: [recordLosses(dir)] });
    expect((await readRun(dir)).losses).toEqual(
      steps.map(({ step, epoch, loss, learningRate, pairs, seconds }) => ({
        step,
        epoch,
        loss,
        learningRate,
        pairs,
        seconds,
      })),
    );
    // Killed after a later step: what the checkpoint does not know of is written again.
    await appendFile(join(dir, 'losses.jsonl'), '{"step":4,"loss":9,"pairs":4}\n{"step":5,"lo');
    await saveEvaluation(dir, evaluation(0));
    const more = await simclr.fit(pictures, { epochs: 1, batchSize: 4, callbacks: [recordLosses(dir)] });
    const { losses, evaluation: kept } = await readRun(dir);
    expect(losses.map(({ loss }) => loss)).toEqual([...steps, ...more.steps].map(({ loss }) => loss));
    expect(kept).toBeNull(); // it was of other weights
    // The next trainer of the same run.
    const next = tinySimCLR();
    const before = simclr.progress;
    const last = await next.fit(pictures, {
      epochs: 1,
      batchSize: 4,
      callbacks: [recordLosses(dir, { before })],
    });
    const all = (await readRun(dir)).losses;
    expect(all.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(all.map((line) => (line as { epoch?: number }).epoch)).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
    expect(all.slice(6).map(({ loss }) => loss)).toEqual(last.steps.map(({ loss }) => loss));
    expect(() => recordLosses(dir, { before: { step: 0.5, epoch: 0 } })).toThrow(/before\.step/);
    next.dispose();
    simclr.dispose();
  });

  it('says which file cannot be written before any step', async () => {
    await writeFile(join(root, 'taken'), '');
    const simclr = tinySimCLR();
    const fit = simclr.fit(tinyPictures(8), {
      epochs: 1,
      batchSize: 4,
      callbacks: [recordLosses(join(root, 'taken'))],
    });
    await expect(fit).rejects.toThrow(/recordLosses: path must be a file that can be written.*taken/);
    expect(simclr.progress.step).toBe(0);
    simclr.dispose();
  });
});

describe('readRun', () => {
  it('takes a run without settings or evaluation, and one whose last line was cut off', async () => {
    const dir = await writeRun('plain', first, null, 3);
    await rm(join(dir, 'training.json'));
    await appendFile(join(dir, 'losses.jsonl'), '{"step":3,"loss":1');
    expect(await readRun(dir)).toMatchObject({
      name: 'plain',
      losses: [{ step: 0 }, { step: 1 }, { step: 2 }],
      settings: null,
      evaluation: null,
      quality: null,
      health: null,
    });
  });

  const damage: [string, string, string, RegExp][] = [
    ['losses.jsonl', 'no JSON', '{"step":0\n', /losses\.jsonl, line 1, must be JSON/],
    ['losses.jsonl', 'no step', '{"loss":1,"pairs":2}\n', /line 1, must hold step, loss and pairs of a step/],
    ['losses.jsonl', 'a loss that is none', '{"step":0,"loss":null,"pairs":2}\n', /line 1, must hold step/],
    ['training.json', 'cut off', '{"recipe":', /training\.json must be JSON/],
    ['training.json', 'a list', '[]', /training\.json must hold a JSON object/],
    ['evaluation.json', 'cut off', '{', /evaluation\.json must be JSON/],
    [
      'evaluation.json',
      'no pictures',
      '{"classNames":["a"]}',
      /must hold names of classes and pictures.*pictures=/,
    ],
    [
      'evaluation.json',
      'a class that is none',
      JSON.stringify({ ...evaluation(0), labels: evaluation(0).labels.map((label) => 2 * label) }),
      /must hold one class number below 2 for each of 40 pictures\. Received: labels=/,
    ],
    [
      'evaluation.json',
      'too few predictions',
      JSON.stringify({ ...evaluation(0), predictions: { knn: [0], linearProbe: [0] } }),
      /predictions\.knn=/,
    ],
  ];
  it.each(damage)('names %s when it is damaged: %s', async (file, what, contents, message) => {
    const dir = await writeRun(`damaged ${file} ${what}`, first, 1);
    await writeFile(join(dir, file), contents);
    const refused = readRun(dir);
    await expect(refused).rejects.toBeInstanceOf(DataError);
    await expect(refused).rejects.toThrow(message);
  });

  it('refuses a folder that is not a run, or a missing one', async () => {
    await mkdir(join(root, 'empty'), { recursive: true });
    for (const dir of [join(root, 'empty'), join(root, 'nowhere')]) {
      await expect(readRun(dir)).rejects.toThrow(
        /must be the folder of a run, with losses\.jsonl, evaluation\.json or quality\.json/,
      );
    }
  });
});

describe('runReport', () => {
  it('shows what the folder tells', async () => {
    const data = runReport(await readRun(await writeRun('told', first, 10)));
    expect(data).toMatchObject({
      title: 'told',
      facts: { Recipe: basicRecipe.name, Seed: '0' },
      accuracies: { testImages: 40, after: { knn: 0.7, linearProbe: 0.75 } },
      confusion: {
        matrix: [
          [15, 5],
          [5, 15],
        ],
      },
      training: { batchSize: 16 },
    });
    const path = await writeReport(join(root, 'told.html'), data);
    expect(await readFile(path, 'utf8')).toContain('&lt;dog&gt;');
  });
});

describe('a run with damaged pictures', () => {
  const settings = (extra: object = {}) => ({
    ...first,
    recipe: adjustRecipe(basicRecipe, { training: { batchSize: 64, datasetSize: 431 } }),
    ...extra,
  });
  /** A damaged file in every batch, so that no step has them all. */
  const losses = [0, 1, 2].map((step) => ({ step, loss: 4.5, pairs: 63 - (step % 2), learningRate: 3e-4 }));
  const run = {
    name: 'holes',
    losses,
    settings: settings({ damaged: 5 }),
    evaluation: null,
    quality: null,
    health: null,
  };

  it('has the batch size that was set, and the pictures that are whole', () => {
    const { training, facts } = runReport(run);
    expect(training!.batchSize).toBe(64);
    expect(facts!['Training pictures']).toBe('426');
    expect(runReport({ ...run, settings: settings() }).facts!['Training pictures']).toBe('431');
    // Nobody said how it was set.
    expect(runReport({ ...run, settings: null }).training!.batchSize).toBe(63);
  });

  it('is not set differently for them, and is compared by the batch size that was set', async () => {
    const whole = { ...run, name: 'whole', settings: settings() };
    expect(compareRuns(run, whole).settings).toEqual([]);
    const page = await readFile(await writeComparison(join(root, 'holes.html'), run, whole), 'utf8');
    expect(page).toContain('3 steps of 64');
    expect(page.match(/chance: ln\(2N \u2212 1\) = \d\.\d\d/g)).toEqual(
      Array.from({ length: 2 }, () => 'chance: ln(2N \u2212 1) = 4.84'), // one level, wide and narrow
    );
  });
});

describe('the chart of losses', () => {
  const losses = (rate: (step: number) => number) =>
    Array.from({ length: 50 }, (_, step) => ({ step, loss: 5 - step / 25, learningRate: rate(step) }));

  it('says a constant learning rate in words, where a line would lie on that of chance', async () => {
    const constant = { losses: losses(() => 3e-4), batchSize: 64 };
    const path = await writeReport(join(root, 'constant.html'), { title: 'constant', training: constant });
    const page = await readFile(path, 'utf8');
    expect(page).not.toContain('class="rate"');
    expect(page).toContain('<p class="note">Learning rate 0.0003 in every step.</p>');
  });

  it('keeps a rate that stays at its peak away from the chance level', async () => {
    const training = { losses: losses((step) => Math.min(1, step / 10)), batchSize: 75 };
    const path = await writeReport(join(root, 'peak.html'), { title: 'peak', training });
    const page = await readFile(path, 'utf8');
    const level = Number(/class="level" d="M\d+,([\d.]+)H/.exec(page)![1]);
    const plateau = Number(/class="rate" d="[^"]*L[\d.]+,([\d.]+)"/.exec(page)![1]);
    expect(plateau - level).toBeGreaterThan(16);
  });

  it.each([
    [63, 64],
    [64, 32],
  ])('has two chance labels that do not overprint: batches of %i and %i', async (own, other) => {
    const run = (name: string, pairs: number) => ({
      name,
      losses: losses(() => 1).map((point) => ({ ...point, pairs })),
      settings: null,
      evaluation: null,
      quality: null,
      health: null,
    });
    const path = await writeComparison(join(root, 'levels.html'), run('a', own), run('b', other));
    const page = await readFile(path, 'utf8');
    const labels = [...page.matchAll(/<text class="level" x="([\d.]+)" y="([\d.]+)"/g)].map((found) => ({
      x: Number(found[1]),
      y: Number(found[2]),
    }));
    expect(labels).toHaveLength(4);
    for (const [first, second] of [labels.slice(0, 2), labels.slice(2)]) {
      const apart = Math.abs(first!.y - second!.y) >= 16 || Math.abs(first!.x - second!.x) > 300;
      expect(apart, JSON.stringify([first, second])).toBe(true);
    }
  });
});

describe('two runs', () => {
  it('differ in settings and accuracies, with the paired difference', async () => {
    const runs = [
      await readRun(await writeRun('a', first, 10)),
      await readRun(await writeRun('b <i>', second, 4)),
    ] as const;
    const { settings, metrics } = compareRuns(...runs);
    expect(settings).toEqual([
      { path: 'temperature', first: 0.5, second: 0.2 },
      { path: 'limit', first: null, second: 500 },
    ]);
    const [own, other] = [evaluation(10), evaluation(4)];
    const paired = accuracyDifference(
      Int32Array.from(other.predictions.linearProbe),
      Int32Array.from(own.predictions.linearProbe),
      Int32Array.from(own.labels),
    );
    expect(paired.difference).toBeCloseTo(0.15, 10);
    expect(metrics).toMatchObject([
      { metric: 'knn', first: 0.7, second: 0.85 },
      { metric: 'linearProbe', first: 0.75, second: 0.9, difference: paired },
    ]);

    const path = await writeComparison(join(root, 'two.html'), ...runs);
    const page = await readFile(path, 'utf8');
    expect(page).toContain('<title>a and b &lt;i&gt;</title>');
    expect(page).not.toContain('<i>');
    expect(page).toMatch(
      /aria-label="a: Loss over 30 steps, from 4\.00 to 3\.03; chance level 3\.43\. b &lt;i&gt;: Loss/,
    );
    expect(page).toContain(`+15.0</span><small class="range">+${(100 * paired.low).toFixed(1)} to`);
    expect(page).toContain('beyond chance');
    expect(page).toContain('<th scope="row">temperature</th><td>0.5</td><td>0.2</td>');
    expect(page.match(/class="(faint-)?(first|second)" d="M/g)).toHaveLength(2 * 4);
    expect(existsSync(path)).toBe(true);
  });

  it('have no paired difference on other pictures, and none at all without an evaluation', async () => {
    const own = await readRun(await writeRun('c', first, 10));
    const elsewhere = {
      ...own,
      evaluation: { ...evaluation(4), pictures: evaluation(4).pictures.slice().reverse() },
    };
    expect(compareRuns(own, elsewhere).metrics.map(({ difference }) => difference)).toEqual([null, null]);
    const pageOf = async (other: typeof own) =>
      readFile(await writeComparison(join(root, 'c.html'), own, other), 'utf8');
    expect(await pageOf(elsewhere)).toContain('tested on different pictures');
    const silent = { ...own, evaluation: null, settings: null };
    expect(compareRuns(own, silent).metrics).toEqual([]);
    const page = await pageOf(silent);
    expect(page).toContain('c (second) has not been evaluated');
    expect(page).toContain('The settings of c (second) are unknown');
    expect(await pageOf({ ...own, losses: [] })).toContain('None: both runs have the same settings.');
  });

  it('may follow different recipes', async () => {
    const run = await readRun(await writeRun('d', first, null));
    const { settings } = compareRuns(run, { ...run, settings: { ...first, recipe: lightlyCIFAR10 } });
    expect(settings.map(({ path }) => path)).toContain('encoder.stem');
  });
});
