import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SimCLR, samplePictures } from 'simclr-ts';
import { directory } from 'simclr-ts/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tiny, writeClasses } from './pictures.js';
import { runCLI, runJSON } from './run-cli.js';

let cwd = '';
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'simclr-ts-datasets-'));
  await writeClasses(join(cwd, 'animals', 'train'), 10);
  await writeClasses(join(cwd, 'animals', 'test'), 4);
  mkdirSync(join(cwd, 'digits'));
  for (const [part, count] of [
    ['train', 40],
    ['t10k', 20],
  ] as const) {
    const { images, labels } = samplePictures(count, { classes: 4, size: 12, seed: 2 });
    const gray = images.data.filter((_, i) => i % 3 === 1);
    const pictures = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 12, 0, 0, 0, 12, ...gray);
    writeFileSync(join(cwd, 'digits', `${part}-images-idx3-ubyte`), pictures);
    writeFileSync(
      join(cwd, 'digits', `${part}-labels-idx1-ubyte`),
      Uint8Array.of(0, 0, 8, 1, 0, 0, 0, count, ...labels),
    );
  }
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const small = ['--width', '4', '--epochs', '1', '--batch-size', '8'];
const page = (name: string) => readFileSync(join(cwd, name), 'utf8');
const settings = (name: string) =>
  JSON.parse(readFileSync(join(cwd, name, 'training.json'), 'utf8')).recipe as Record<string, never>;

describe('train on a data set', () => {
  it('begins from the pictures where the recipe does, at the size of the encoder', async () => {
    const flags = [
      'train',
      'digits',
      '--recipe',
      'minutes',
      '--width',
      '4',
      '--epochs',
      '2',
      '--batch-size',
      '8',
    ];
    const { code, stderr } = await runCLI([...flags, '--out', 'resized-model', '--verbose'], { cwd });
    expect(stderr).not.toContain('random weights');
    expect(stderr).toContain('4 filters of conv1 come from the pictures.');
    expect(stderr).toContain('Now the layers behind it.');
    expect(code).toBe(0);
  });

  it('takes its files and their size, and measures before and after', async () => {
    const flags = ['train', 'digits', ...small, '--out', 'digit-model', '--report', 'digits.html'];
    const { code, json } = await runJSON(flags, { cwd });
    expect(code).toBe(0);
    expect(json).toMatchObject({ outcome: 'completed', pictures: 40, step: 5, report: 'digits.html' });
    expect(settings('digit-model').encoder).toMatchObject({ inputShape: [12, 12, 3], stem: 'small' });
    const { testImages, rawPixels, before, after, gains } = json.evaluation as Record<
      string,
      { knn: { accuracy: number; difference: number } }
    >;
    expect(testImages).toBe(20);
    for (const each of [rawPixels, before, after]) {
      expect(20 * each!.knn.accuracy).toBeCloseTo(Math.round(20 * each!.knn.accuracy), 6);
    }
    const gained = (gains as unknown as Record<string, typeof before>).overBefore!.knn.difference;
    expect(gained).toBeCloseTo(after!.knn.accuracy - before!.knn.accuracy, 6);
    const html = page('digits.html');
    for (const text of [
      'SimCLR on IDX',
      'How good are the features',
      'mistaken for which',
      'Before training',
    ]) {
      expect(html).toContain(text);
    }
    const kept = JSON.parse(readFileSync(join(cwd, 'digit-model', 'evaluation.json'), 'utf8'));
    expect(kept.labels).toHaveLength(20);
  });

  it('resizes it for another encoder, and takes some of it', async () => {
    const flags = ['train', 'digits', ...small, '--size', '16', '--limit', '24', '--out', 'large'];
    const measured = ['--report', 'large.html', '--references', '12', '--test-images', '7'];
    const { code, json } = await runJSON([...flags, ...measured], { cwd });
    expect(code).toBe(0);
    expect(json).toMatchObject({ pictures: 24, step: 3, evaluation: { testImages: 7 } });
  });

  it('prints what training gained', async () => {
    const flags = [
      'train',
      'digits',
      ...small,
      '--out',
      'told',
      '--report',
      'told.html',
      '--label-efficiency',
    ];
    const { stdout } = await runCLI([...flags, '--scratch-steps', '1'], { cwd });
    expect(stdout).toMatch(
      /Accuracy on 20 test pictures, with 95 % intervals:\n +nearest neighbors +linear probe\nraw pixels +\d/,
    );
    expect(stdout).toMatch(/Points gained by training[\s\S]*before training +[+-]\d+\.\d \([+-]/);
    expect(page('told.html')).toContain('What labels are worth');
  });
});

describe('train --report on a folder', () => {
  it('shows pictures without labels', async () => {
    const flags = ['train', 'animals/train', ...tiny, '--out', 'plain', '--report', 'plain.html'];
    const { code, json } = await runJSON(flags, { cwd });
    expect(code).toBe(0);
    expect(json).not.toHaveProperty('evaluation');
    const html = page('plain.html');
    for (const text of ['What the encoder sees', 'A map of the embeddings', 'Nearest neighbors', 'Loss']) {
      expect(html).toContain(text);
    }
    expect(html).not.toContain('Show a class');
    expect(html).not.toContain('correct');
  });

  it('measures with class folders of test pictures', async () => {
    const flags = ['train', 'animals/train', ...tiny, '--test', 'animals/test', '--out', 'classes'];
    const { json } = await runJSON([...flags, '--report', 'classes.html'], { cwd });
    expect(json).toMatchObject({ pictures: 20, evaluation: { testImages: 8 } });
    expect(page('classes.html')).toContain('columns');
    expect(page('classes.html')).toContain('Quality over time');
    const kept = JSON.parse(readFileSync(join(cwd, 'classes', 'evaluation.json'), 'utf8'));
    expect(kept.pictures).toContain(join('rows', '00.png'));
  });

  it('measures --val while it trains, without a page', async () => {
    const flags = [
      'train',
      'animals/train',
      ...tiny,
      '--val',
      'animals/test',
      '--out',
      'watched',
      '--verbose',
    ];
    const { code, stderr } = await runCLI(flags, { cwd });
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /Before training, nearest neighbors name \d+\.\d % of 8 pictures \(whitened pixels/,
    );
    expect(stderr).toMatch(/After \d+(\.\d)? seconds, nearest neighbors name .* \(before training \d/);
    const { points } = JSON.parse(readFileSync(join(cwd, 'watched', 'quality.json'), 'utf8'));
    expect(points.length).toBeGreaterThan(1);
  });

  it.each([
    ['--val for a data set', ['digits', '--val', 'animals/test'], /--val is for a folder of pictures/],
    [
      '--test without a page',
      ['animals/train', '--test', 'animals/test'],
      /--test is part of the page\. Add --report/,
    ],
    ['a curve without labels', ['animals/train', '--report', 'x.html', '--label-efficiency'], /needs labels/],
    [
      '--test for a data set',
      ['digits', '--report', 'x.html', '--test', 'animals/test'],
      /has the test pictures of IDX/,
    ],
    [
      'test pictures without classes',
      ['animals/train', '--report', 'x.html', '--test', 'animals'],
      /must have the class folders of the training pictures \(columns, rows\)/,
    ],
    ['a data set that must be there', ['stl10'], /stl10 is read from its files/],
    ['a page where none can be', ['digits', '--report', '/dev/null/x.html'], /\/dev\/null/],
  ])('refuses %s', async (_, flags, message) => {
    const { code, stdout, stderr } = await runCLI(['train', ...flags, ...small, '--out', 'refused'], { cwd });
    expect(code).toBeGreaterThan(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
  });
});

describe('train --architecture mobileNetV2', () => {
  it('trains, continues, and has no --width', async () => {
    const flags = ['train', 'digits', '--architecture', 'mobileNetV2', '--epochs', '1', '--batch-size', '8'];
    const first = await runJSON([...flags, '--limit', '16', '--out', 'mobile'], { cwd });
    expect(first.json).toMatchObject({ outcome: 'completed', effectiveRank: { dim: 1280 } });
    const more = await runJSON(['train', 'digits', '--out', 'mobile', '--resume', '--epochs', '2'], { cwd });
    // Of the same 16 pictures: the limit is the run's.
    expect(more.json).toMatchObject({ outcome: 'completed', pictures: 16, step: 4 });
    expect(more.stderr).not.toContain('continues with others');
    const wide = await runCLI([...flags, '--width', '8', '--out', 'wide'], { cwd });
    expect(wide.stderr).toContain('--width is for ResNets');
    expect(wide.code).toBe(2);
  });
});

describe('train --optimizer and --schedule', () => {
  it.each([
    [['--optimizer', 'sgd'], { name: 'sgd', learningRate: { schedule: { name: 'warmupCosine' } } }],
    [['--optimizer', 'lars', '--warmup-epochs', '0'], { name: 'lars', learningRate: { base: 0.3 } }],
    [
      ['--optimizer', 'sgd', '--schedule', 'constant', '--learning-rate', '0.1'],
      {
        name: 'sgd',
        learningRate: { base: 0.1, schedule: { name: 'constant' } },
      },
    ],
    [
      ['--schedule', 'cosine'],
      { name: 'adamW', learningRate: { schedule: { name: 'warmupCosineByShare' } } },
    ],
    [
      ['--schedule', 'cosine', '--warmup-epochs', '0.5'],
      {
        name: 'adamW',
        learningRate: { schedule: { name: 'warmupCosine', warmupEpochs: 0.5 } },
      },
    ],
  ])('%j', async (flags, optimizer) => {
    const out = ['--out', 'optimizers', '--overwrite'];
    const { code, stderr } = await runCLI(['train', 'digits', ...small, ...out, ...flags], { cwd });
    expect(stderr).not.toContain('Error');
    expect(code).toBe(0);
    expect(settings('optimizers').optimizer).toMatchObject(optimizer);
  });

  it('follows the clock of --minutes with a cosine, and continues by it', async () => {
    const flags = ['train', 'digits', ...small, '--schedule', 'cosine', '--out', 'timed', '--epochs', '1000'];
    const first = await runJSON([...flags, '--minutes', '0.05'], { cwd });
    expect(first.json.outcome).toBe('stopped');
    const losses = readFileSync(join(cwd, 'timed', 'losses.jsonl'), 'utf8')
      .trim()
      .split('\n');
    const rates = losses.map((line) => JSON.parse(line).learningRate as number);
    expect(rates.at(-1)!).toBeLessThan(Math.max(...rates));
    const second = await runJSON(['train', 'digits', '--out', 'timed', '--resume', '--minutes', '0.01'], {
      cwd,
    });
    expect(second.json.step as number).toBeGreaterThan(first.json.step as number);
  });

  it('begins with filters from the pictures where the recipe does, and leaves them, also after --resume', async () => {
    const run = async (...args: string[]) => {
      const result = await runCLI(['train', 'digits', ...args, '--out', 'held'], { cwd });
      expect(result.code, result.stderr).toBe(0);
      const simclr = await SimCLR.load(directory(join(cwd, 'held')));
      const layer = simclr.encoder.getLayer('conv1');
      const filters = await layer.getWeights()[0]!.data();
      simclr.dispose();
      return { ...result, filters, trainable: layer.trainable };
    };
    const first = await run(...small, '--recipe', 'minutes', '--size', '12', '--verbose');
    expect(first.stderr).toMatch(/filters of conv1 come from the pictures/);
    const second = await run('--resume', '--epochs', '3');
    expect(second.filters).toEqual(first.filters);
    expect([first.trainable, second.trainable]).toEqual([false, false]);
  });

  it('names every recipe of the library', async () => {
    const { stdout } = await runCLI(['train', '--help']);
    const { recipes } = await import('simclr-ts/recipes');
    for (const name of Object.keys(recipes)) expect(stdout).toContain(`"${name}"`);
    const { code } = await runCLI(
      ['train', 'digits', ...small, '--recipe', 'basic', '--size', '12', '--out', 'b'],
      { cwd },
    );
    expect(code).toBe(0);
  });
});
