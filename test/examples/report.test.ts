import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ReportData, writeReport } from '../../examples/cifar10/report/index.js';
import { confidenceInterval } from '../../src/evaluation/index.js';
import { syntheticReport } from './synthetic-report.js';

const voidElements = new Set(['meta', 'img', 'input', 'br', 'link']);

/** The first tag that does not match its opening one, or undefined. */
function firstUnbalanced(html: string): string | undefined {
  const open: string[] = [];
  for (const [, closing, name, selfClosing] of html.matchAll(
    /<(\/?)([a-z][\w-]*)(?:"[^"]*"|[^">])*?(\/?)>/gi,
  )) {
    if (closing) {
      if (open.pop() !== name) return `</${name}>`;
    } else if (!selfClosing && !voidElements.has(name!.toLowerCase())) open.push(name!);
  }
  return open.pop();
}

describe('writeReport', () => {
  const data = syntheticReport(30, 3, 700);
  let folder: string;
  let html: string;
  const write = async (name: string, input: ReportData) => {
    const path = await writeReport(join(folder, name), input);
    expect(path).toBe(join(folder, name, 'report.html'));
    return readFile(path, 'utf8');
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'simclr-report-'));
    html = await write('new/folder', data);
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
    const { evaluation, testImages } = data.report;
    const { rawPixels, before, after } = evaluation;
    for (const { knn, linearProbe } of [rawPixels, before, after]) {
      for (const accuracy of [knn, linearProbe]) {
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
    const few = await write('few', { ...data, losses });
    expect(few).toContain('Loss over 2 steps, from 5.50 to 5.25');
    expect(few.replace(/base64,[^"')]*/g, '')).not.toMatch(/learning rate|NaN/);
    expect(await write('none', { ...data, losses: [] })).toContain('No step was taken.');
  });

  it('has one alt text for each picture, and marks right neighbours by more than colour', () => {
    const images = html.match(/<img [^>]*>/g)!;
    expect(images).toHaveLength(3 * 3 + 3 * (1 + 6 + 6));
    expect(images.filter((image) => !/ alt="[^"]+"/.test(image))).toEqual([]);
    const right = data.neighbors.flatMap(({ query, before, after }) =>
      [...before, ...after].filter((picture) => picture.label === query.label),
    ).length;
    expect(right).toBeGreaterThan(0);
    expect(html.match(/class="found right"/g)).toHaveLength(right);
    expect(html.match(/ alt="Neighbour \d: [^"]*, the same class"/g)).toHaveLength(right);
  });

  it('places every picture on both maps, the same way each time', async () => {
    const places = (page: string) => page.match(/class="thumb k\d"[^>]*style="[^"]*"/g)!;
    expect(places(html)).toHaveLength(60);
    expect(places(await write('again', data))).toEqual(places(html));
    const reseeded = await write('reseeded', { ...data, report: { ...data.report, seed: 8 } });
    expect(places(reseeded)).not.toEqual(places(html));
  });

  it('says so when the difference may be chance', async () => {
    expect(html).not.toContain('may be chance');
    const evaluation = { ...data.report.evaluation, after: { knn: 0.3561, linearProbe: 0.45 } };
    const report = { ...data.report, evaluation };
    expect(await write('close', { ...data, report })).toContain('this difference may be chance');
  });
});
