import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataError } from '../../src/errors/index.js';
import { confidenceInterval } from '../../src/evaluation/index.js';
import { type ReportData, writeReport } from '../../src/report/index.js';
import { firstUnbalanced } from './balanced.js';
import { syntheticReport } from './synthetic-report.js';

describe('writeReport', () => {
  const data = syntheticReport(30, 3, 700);
  let folder: string;
  let html: string;
  const write = async (name: string, input: ReportData) => {
    const path = await writeReport(join(folder, name), input);
    expect(path).toBe(join(folder, name));
    return readFile(path, 'utf8');
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'simclr-report-'));
    html = await write('new/folder/report.html', data);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('is well-formed', () => {
    expect(firstUnbalanced('<p><b></p></b>')).toBe('</p>'); // the check can fail
    expect(firstUnbalanced(html)).toBeUndefined();
  });

  it('loads nothing from anywhere and runs nothing', () => {
    const loads = [...html.matchAll(/(?:src|href|data|poster|srcset)\s*=\s*"([^"]*)"|url\(([^)]*)\)/g)].map(
      ([, attribute, url]) => attribute ?? url!,
    );
    expect(loads.length).toBeGreaterThan(0);
    expect(
      loads.filter((load) => !load.startsWith('data:image/png;base64,') && !load.startsWith('#')),
    ).toEqual([]);
    expect(html).not.toMatch(/https?:|<script|@import/);
    expect(html).toContain(`content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"`);
  });

  it('shows every accuracy with its Wilson interval', () => {
    const { testImages, baselines, before, after } = data.accuracies!;
    for (const { knn, linearProbe } of [...baselines!, before!, after]) {
      for (const accuracy of [knn!, linearProbe!]) {
        const { low, high } = confidenceInterval(accuracy, testImages);
        const interval = `${(100 * low).toFixed(1)}\u2013${(100 * high).toFixed(1)} %`;
        expect(html).toContain(`${(100 * accuracy).toFixed(1)} %</span><small class="range">${interval}`);
      }
    }
  });

  it('names backend, seed, encoder, pictures and duration', () => {
    for (const [name, value] of [
      ['Backend', 'wasm'],
      ['Seed', '7'],
      ['Encoder', 'resnet18'],
      ['Training pictures', '50,000'],
      ['Epochs', '3 and a part'],
      ['Duration', '12 min'],
    ]) {
      expect(html).toContain(`<dt>${name}</dt><dd>${value}</dd>`);
    }
  });

  it('escapes text', () => {
    expect(html).toContain('<title>SimCLR on CIFAR-10 &lt;synthetic&gt;</title>');
    expect(html).toContain('dots &amp; &lt;co&gt;');
    expect(html).not.toMatch(/<synthetic>|<co>/);
  });

  it('marks the chance level of the loss and leaves out steps whose loss is not finite', async () => {
    expect(html).toContain('chance level 5.54'); // ln(2 * 128 - 1)
    expect(html).toMatch(/chance: ln\(2N \u2212 1\) = 5\.54/);
    const losses = [
      { step: 0, loss: 5.5 },
      { step: 1, loss: Number.NaN },
      { step: 2, loss: 5.25 },
    ];
    const few = await write('few', { ...data, training: { losses, batchSize: 128 } });
    expect(few).toContain('Loss over 2 steps, from 5.50 to 5.25');
    expect(few.replace(/base64,[^"')]*/g, '')).not.toMatch(/learning rate|NaN/);
    expect(await write('none', { title: 'none', training: { losses: [], batchSize: 8 } })).toContain(
      'No step was taken.',
    );
  });

  it('has one alt text for each picture, and marks right neighbors by more than color', () => {
    const images = html.match(/<img [^>]*>/g)!;
    expect(images).toHaveLength(3 * 3 + 3 * (1 + 6 + 6));
    expect(images.filter((image) => !/ alt="[^"]+"/.test(image))).toEqual([]);
    const right = data.neighbors!.flatMap(({ query, found }) =>
      found.flatMap(({ pictures }) => pictures).filter((picture) => picture.label === query.label),
    ).length;
    expect(right).toBeGreaterThan(0);
    expect(html.match(/class="found right"/g)).toHaveLength(right);
    expect(html.match(/class="found wrong"/g)).toHaveLength(3 * 12 - right);
    expect(html.match(/ alt="Neighbor \d: [^"]*, the same class"/g)).toHaveLength(right);
  });

  it('places every picture on both maps, the same way each time', async () => {
    const places = (page: string) => page.match(/class="thumb k\d"[^>]*style="[^"]*"/g)!;
    expect(places(html)).toHaveLength(60);
    expect(places(await write('again', data))).toEqual(places(html));
    const reseeded = await write('reseeded', { ...data, seed: 8 });
    expect(places(reseeded)).not.toEqual(places(html));
  });

  it('says so when the difference may be chance', async () => {
    expect(html).not.toContain('may be chance');
    const accuracies = { ...data.accuracies!, after: { name: 'After', knn: 0.3561 } };
    expect(await write('close', { ...data, accuracies })).toContain('this difference may be chance');
    const noted = { ...accuracies, note: 'Training changed -1.7 points.' };
    expect(await write('noted', { ...data, accuracies: noted })).toContain('changed \u22121.7 points');
    // The paired interval is the better witness, either way.
    const sure = { ...accuracies, gain: { difference: 0.002, low: 0.0005, high: 0.0035 } };
    const paired = await write('paired', { ...data, accuracies: sure });
    expect(paired).not.toContain('may be chance');
    expect(paired).toContain('+0.2 points on the same pictures (95 % interval +0.1 to +0.4)');
  });

  it('draws accuracy against labels with intervals, and gives the same figures as a table', () => {
    // Seeds 0.40 and 0.42 at ten labels; the interval goes from one's low end to the other's high one.
    const { low } = confidenceInterval(0.4, 2000);
    const { high } = confidenceInterval(0.42, 2000);
    expect(html).toContain(
      `41.0 %</span><small class="range">${(100 * low).toFixed(1)}\u2013${(100 * high).toFixed(1)} %</small>`,
    );
    expect(html).toMatch(
      /aria-label="Accuracy against labels per class\. linear probe on SimCLR&#39;s features: 26\.0 % at 1, 41\.0 % at 10, 56\.0 % at 100; the same network from scratch: 13\.0 % at 1, 23\.0 % at 10/,
    );
    expect(html.match(/class="first whisker"/g)).toHaveLength(2 * 3); // wide and narrow
    expect(html.match(/class="second whisker"/g)).toHaveLength(2 * 3);
    expect(html).toContain('Scratch has &lt;40&gt; steps: \u22121.5 (\u22122.0 to 3), k-means.');
  });

  it('shows each confusion, the recall of each class, and names the worst', async () => {
    const { matrix } = data.confusion!;
    const total = matrix[9]!.reduce((sum, count) => sum + count, 0);
    expect(html).toContain(`title="dots &amp; &lt;co&gt; as disc: 210 of ${total.toLocaleString('en-GB')}"`);
    expect(html).toContain(`<td class="recall">${((100 * 700) / total).toFixed(1)} %</td>`);
    expect(html).toContain('Most often mistaken: dots &amp; &lt;co&gt; as disc (210), bar as dots');
    const many = Array.from({ length: 30 }, (_, i) =>
      Array.from({ length: 30 }, (__, j) => (i + 1 === j ? i : 1)),
    );
    const list = await write('many', { title: 'many', confusion: { of: 'probe', matrix: many } });
    expect(list).not.toContain('class="matrix"');
    expect(list).toContain('Most often mistaken: 28 as 29 (28), 27 as 28 (27)');
  });

  it('leaves out what is not known', async () => {
    const page = await write('bare', { title: 'bare' });
    expect(page).not.toContain('<section>');
    expect(firstUnbalanced(page)).toBeUndefined();
    const model = { testImages: 50, after: { name: 'The model', knn: 0.8, linearProbe: 0.9 } };
    expect(await write('model', { title: 'm', accuracies: model })).toContain(
      'The nearest neighbors classify <strong>80.0 %</strong> of 50 test pictures correctly; a linear probe classifies <strong>90.0 %</strong> correctly.',
    );
  });

  it('is the same page for the same data', async () => {
    expect(await write('twice', data)).toBe(html);
  });

  it('names a file that cannot be written', async () => {
    await write('file', { title: 'file' });
    const refused = writeReport(join(folder, 'file/report.html'), { title: 'none' });
    await expect(refused).rejects.toBeInstanceOf(DataError);
    await expect(refused).rejects.toThrow(
      /writeReport: path must be a file that can be written\. .*file.report\.html/,
    );
  });
});
