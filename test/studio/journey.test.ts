import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import { setBackend, type Tensor2D, type Tensor4D } from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import { unzipSync } from 'fflate';
import { augment, evaluationTransform, imagesToTensor, randomGenerator, resnet18, SimCLR } from 'simclr-ts';
import { stageEncoder } from 'simclr-ts/features';
import { exportONNX, readSafetensors } from 'simclr-ts/interop';
import { directory } from 'simclr-ts/node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadExported } from './load-exported.js';
import {
  type OpenStudio,
  openStudio,
  setTraining,
  stepsDone,
  unfold,
  waitForMap,
  waitForStep,
} from './open-studio.js';
import { drawnFiles, drawnPixels } from './pictures.js';

// Three folders of sixteen, and one picture twice.
const count = 49;
const temporary = mkdtempSync(join(tmpdir(), 'simclr-ts-studio-'));
let studio: OpenStudio;
let requestsWhenReady = 0;
const outside: string[] = [];

beforeAll(async () => {
  await setBackend('cpu');
  studio = await openStudio();
  studio.context.on('request', (request) => {
    if (!/^(blob|data):/.test(request.url())) outside.push(request.url());
  });
  requestsWhenReady = studio.host.requests.length;
});

afterAll(async () => {
  await studio?.close();
  rmSync(temporary, { recursive: true, force: true });
});

/** A folder of pictures as a person keeps them. */
async function privateFolder(): Promise<string> {
  const folder = join(temporary, 'private');
  const put = (path: string, buffer: Buffer) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), buffer);
  };
  const files = await drawnFiles(48);
  for (const { name, buffer } of files) put(`${name.split('-')[0]}/${name}`, buffer);
  put('kind1/kind1-1 copy.png', files.find(({ name }) => name === 'kind1-1.png')!.buffer);
  return folder;
}

/** What a button of the exports gives. */
async function exported(kind: string): Promise<Uint8Array> {
  await unfold(studio.page, 'keep', 'files-box');
  const download = studio.page.waitForEvent('download');
  await studio.page.click(`#exports [data-kind=${kind}]`);
  return readFileSync(await (await download).path());
}

it('takes the headers that threads need from its service worker, on a host that sends none', async () => {
  expect(await studio.page.evaluate(() => crossOriginIsolated)).toBe(true);
  expect(await studio.page.textContent('#backend-report')).toMatch(/Trains here on \d+ threads?: \d+ pairs/);
});

it('reads a dropped folder and shows two views of its pictures', async () => {
  const { page } = studio;
  await studio.drop(await privateFolder());
  await studio.text('#pictures-state', /^49 pictures in 3 folders/);
  await waitForMap(page, count);
  await unfold(page, 'adjust');
  // As many passes as are some minutes on these few.
  expect(await page.inputValue('#settings [name=epochs]')).toBe('3061');
  await page.waitForSelector('#view-pairs figure:nth-child(8)');
  const view = () =>
    page
      .locator('#view-pairs figure canvas')
      .nth(1)
      .evaluate((c) => (c as HTMLCanvasElement).toDataURL());
  const before = await view();
  await page.locator('#augmentation input[name=strength]').fill('1.5');
  await expect.poll(view, { timeout: 60_000 }).not.toBe(before);
  await studio.picture('1-pictures');
});

it('sorts the pictures, searches, and exports before anything was trained', async () => {
  const { page } = studio;
  expect(await page.getAttribute('#map', 'data-step')).toBe('0');
  expect(await page.textContent('#start')).toMatch(/^Train for (about|less)/);
  expect(await page.isVisible('#compare')).toBe(false);
  await unfold(page, 'all-pictures');
  await page.locator('#picture-grid .grid button').nth(1).click();
  await studio.text('#picture-title', /^kind0/);
  await page.locator('#neighbors .grid button').nth(11).waitFor();
  expect(readSafetensors(await exported('vectors')).tensors.get('vectors')!.shape[0]).toBe(count);
});

/** Frames that the page draws, over five seconds. */
function framesPerSecond(): Promise<number> {
  return studio.page.evaluate(async () => {
    const began = performance.now();
    let drawn = 0;
    while (performance.now() - began < 5000) {
      await new Promise(requestAnimationFrame);
      drawn++;
    }
    return (1000 * drawn) / (performance.now() - began);
  });
}

it('trains in a worker while the page stays quick', async () => {
  const { page } = studio;
  const idleFrames = await framesPerSecond();
  await setTraining(page, { epochs: '400', batchSize: '16', width: '8' });
  await page.evaluate(() => {
    const found: number[] = [];
    (globalThis as unknown as { longTasks: number[] }).longTasks = found;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) found.push(duration);
    }).observe({ entryTypes: ['longtask'] });
  });
  await page.click('#start');
  await waitForStep(page, 60);
  await studio.text(
    '#figures',
    /Loss.*Pairs per second.*To go.*Other view found.*Nearest of the same folder.*Effective rank/,
  );
  await page.locator('#map[data-step]:not([data-step="0"])').waitFor();
  await studio.text('#plain-figure-text', /\d+ % are from the same folder \(before training: \d+ %\)/);
  await studio.text('#to-go', /to go/);
  await studio.picture('2-training');
  const tasks = await page.evaluate(() => (globalThis as unknown as { longTasks: number[] }).longTasks);
  const stepBefore = await stepsDone(page);
  const frames = await framesPerSecond();
  const steps = (await stepsDone(page)) - stepBefore;
  const longest = [...tasks]
    .sort((a, b) => b - a)
    .slice(0, 5)
    .map(Math.round);
  console.info(
    `while training: ${frames.toFixed(0)} frames a second, ${idleFrames.toFixed(0)} before; ${steps} steps; ` +
      `${tasks.length} tasks of 50 ms and more, longest ${longest} ms`,
  );
  // On a machine that is too busy to draw even while nothing trains, 30 is more than the page can give.
  expect(frames).toBeGreaterThan(Math.min(30, idleFrames / 2));
  expect(steps).toBeGreaterThan(0);
});

it('pauses, resumes and stops', async () => {
  const { page } = studio;
  await page.click('#pause');
  await studio.text('#train-state', /Paused/);
  await page.waitForTimeout(1500);
  const held = await stepsDone(page);
  await page.waitForTimeout(1500);
  expect(await stepsDone(page)).toBe(held);
  await page.click('#pause');
  await waitForStep(page, held + 10);
  await page.click('#stop');
  await studio.text('#train-state', /was stopped/);
});

it('continues after a reload where it was', async () => {
  const { page } = studio;
  const before = await stepsDone(page);
  await page.reload();
  await studio.ready();
  const state = await studio.text('#train-state', /What was learned at your last visit/);
  expect(Number(/after (\d+) steps/.exec(state)![1])).toBeGreaterThanOrEqual(before);
  expect(await page.textContent('#pictures-state')).toMatch(/^49 pictures/);
  requestsWhenReady = studio.host.requests.length; // loading again is asking again
  outside.length = 0;
  await page.click('#start');
  await waitForStep(page, before + 20);
});

it('continues after a reload in the midst of training from what it saved last', async () => {
  const { page } = studio;
  await page.waitForFunction(
    () => document.querySelector<HTMLElement>('#train-state')?.dataset.saved,
    undefined,
    { timeout: 120_000 },
  );
  const saved = Number(await page.locator('#train-state').getAttribute('data-saved'));
  await page.reload();
  await studio.ready();
  const state = await studio.text('#train-state', /What was learned at your last visit/);
  const found = Number(/after (\d+) steps/.exec(state)![1]);
  expect(found).toBeGreaterThanOrEqual(saved);
  requestsWhenReady = studio.host.requests.length;
  outside.length = 0;
  await page.click('#start');
  await waitForStep(page, found + 5);
  await page.click('#stop');
  await studio.text('#train-state', /was stopped/);
});

it('compares the map before training with that of now, also after a reload', async () => {
  const { page } = studio;
  await page.reload();
  await studio.ready();
  await waitForMap(page, count);
  await page.click('#show-before');
  expect(await page.getAttribute('#show-before', 'aria-pressed')).toBe('true');
  await page.click('#show-now');
  expect(await page.getAttribute('#show-now', 'aria-pressed')).toBe('true');
  requestsWhenReady = studio.host.requests.length;
  outside.length = 0;
});

it('finds neighbors and marks with the keyboard alone', async () => {
  const { page } = studio;
  await unfold(page, 'all-pictures');
  await page.focus('#picture-grid .grid button');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await studio.text('#picture-title', /^kind0\/kind0-3\.png/);
  await page.locator('#neighbors .grid button').nth(11).waitFor();
  await page.keyboard.press('m');
  await expect.poll(() => page.locator('#picture-grid .grid [aria-pressed=true]').count()).toBe(1);
  await page.keyboard.press('m');
  await studio.picture('3-search');
});

it('finds duplicates and names the rest from a few', async () => {
  const { page } = studio;
  await unfold(page, 'use');
  await page.fill('#similarity', '0.9999');
  await page.click('#duplicates-form button');
  await studio.text('#duplicates-state', /groups? of pictures that may be duplicates/);
  const groups = await page
    .locator('#duplicates .set')
    .evaluateAll((sets) =>
      sets.map((set) => [...set.querySelectorAll('.grid button')].map((button) => button.ariaLabel).join()),
    );
  expect(groups).toContain('kind1/kind1-1 copy.png,kind1/kind1-1.png');
  const grid = page.locator('#picture-grid .grid');
  for (const kind of [0, 1, 2]) {
    for (const row of [3, 4, 5]) {
      await grid
        .locator(`button[aria-label^="kind${kind}/"]`)
        .nth(row)
        .click({ modifiers: ['Shift'] });
    }
    await page.fill('#label-name', `kind ${kind}`);
    await page.keyboard.press('Enter');
  }
  await page.click('#probe');
  const text = await studio.text('#labeled', /kind 0: \d+ picture.*kind 2: \d+ picture/);
  const named = [...text.matchAll(/: (\d+) picture/g)].reduce((sum, [, number]) => sum + Number(number), 0);
  expect(named).toBe(count);
  expect(await page.inputValue('#color-by')).toBe('name');
  await studio.text('#legend', /kind 0.*kind 1|kind 1.*kind 0/);
  await studio.picture('4-named');
});

it('chooses a few pictures that stand for all, and marks them', async () => {
  const { page } = studio;
  await page.fill('#subset-count', '6');
  await page.click('#subset-form button[type=submit]');
  await page.locator('#subset .grid button').nth(5).waitFor();
  const chosen = await page
    .locator('#subset .grid button')
    .evaluateAll((buttons) => buttons.map(({ ariaLabel }) => ariaLabel!));
  expect(chosen).toHaveLength(6);
  // All three kinds are among them.
  expect(new Set(chosen.map((label) => label.split('/')[0])).size).toBe(3);
  // What is like it appears where one looks, though the map is far above.
  await page.locator('#subset .grid button').first().click();
  await page.locator('#neighbors .grid button').nth(11).waitFor();
  const { y, height } = (await page.locator('#picture-panel').boundingBox())!;
  expect(y).toBeGreaterThanOrEqual(0);
  expect(y + height).toBeLessThanOrEqual(page.viewportSize()!.height);
  await studio.picture('5-subset');
  await page.click('#picture-close');
  await page.click('#subset-mark');
  await studio.text('#marked-state', /^6 pictures marked/);
  await page.click('#clear-marks');
  expect(await page.isVisible('#label-form')).toBe(false);
});

it('writes a result page, with pictures only where they are included', async () => {
  const { page } = studio;
  await unfold(page, 'keep');
  const result = async () => {
    const download = page.waitForEvent('download');
    await page.click('#result-download');
    return readFileSync(await (await download).path(), 'utf8');
  };
  const plain = await result();
  expect(plain.match(/<circle/g)).toHaveLength(2 * count); // before and after training
  expect(plain).toContain('kind 1');
  expect(plain).not.toMatch(/data:image|private|\.png|<script/);
  await page.check('#result-pictures');
  const whole = await result();
  expect(whole.match(/<image/g)).toHaveLength(2 * count);
  expect(whole).toMatch(/Most similar pictures/);
});

it('explains the loss on eight embeddings', async () => {
  const { page } = studio;
  await unfold(page, 'loss');
  await page.click('#explain');
  await page.waitForSelector('#explained td.positive');
  expect(await page.locator('#explained td.positive').count()).toBe(8);
  expect(await page.locator('#explained td.negative').count()).toBe(48);
  const loss = () => page.locator('#explained caption').textContent();
  const before = await loss();
  await page.locator('#temperature').fill('1');
  await expect.poll(loss, { timeout: 60_000 }).not.toBe(before);
  await studio.picture('5-loss');
});

/** Some of the pictures, made again as they were, and their vectors from the page. */
async function someVectors(): Promise<{ images: Tensor4D; vectors: number[] }> {
  const file = readSafetensors(await exported('vectors'));
  const names: string[] = JSON.parse(file.metadata.pictures!);
  const { data, shape } = file.tensors.get('vectors')!;
  const [rowCount, dim] = shape as [number, number];
  expect(rowCount).toBe(count);
  const rows = [0, 1, 20, 40];
  const pixels = rows.map((row) => {
    const [, kind, seed] = /kind(\d)-(\d+)/.exec(names[row]!)!;
    return drawnPixels(Number(kind), Number(seed));
  });
  const shown = imagesToTensor({
    data: new Uint8Array(Buffer.concat(pixels)),
    shape: [rows.length, 64, 64, 3],
  });
  const images = augment(evaluationTransform({ size: 32 }), shown, randomGenerator(0));
  const vectors = rows.flatMap((row) =>
    Array.from((data as Float32Array).subarray(row * dim, (row + 1) * dim)),
  );
  return { images, vectors };
}

async function expectClose(tensor: Tensor2D, expected: readonly number[]): Promise<void> {
  const values = await tensor.data();
  expect(values).toHaveLength(expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  const difference = Math.max(...expected.map((value, i) => Math.abs(values[i]! - value)));
  expect(difference).toBeLessThan(1e-4 * largest);
}

/** The files of an exported archive, in a folder. */
async function unpacked(kind: string): Promise<string> {
  const folder = join(temporary, kind);
  mkdirSync(folder);
  const files = Object.entries(unzipSync(await exported(kind)));
  for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
  return folder;
}

it('gives an encoder, a checkpoint and vectors that agree in Node', async () => {
  const { images, vectors } = await someVectors();
  const checkpoint = await SimCLR.load(directory(await unpacked('checkpoint')));
  expect(checkpoint.progress.step).toBeGreaterThanOrEqual(await stepsDone(studio.page));
  await expectClose(await checkpoint.embed(images, { at: 'readout' }), vectors);

  const encoderFile = await exported('safetensors');
  const { metadata } = readSafetensors(encoderFile);
  const whole = resnet18({ inputShape: [32, 32, 3], stem: 'imagenet', width: 8 });
  const { json } = await checkpoint.readout!.state();
  expect(JSON.parse(metadata.readout!)).toEqual(JSON.parse(JSON.stringify(json)));
  const stages = checkpoint.readout!.stages.map(({ layer, grid }) => ({ layer, grid }));
  const encoder = stageEncoder(whole, stages);
  const readout = await loadExported(encoder, encoderFile);
  await expectClose(await readout.embed(images), vectors);
  // What Node writes of it, byte by byte; test/interop/python has onnxruntime compute such files.
  const onnx = await exportONNX(checkpoint.readout!.model, { names: { h: 'readout' } });
  expect(Buffer.compare(await exported('onnx'), onnx)).toBe(0);

  const plain = await loadLayersModel(directory(await unpacked('tfjs')));
  await expectClose(plain.predict(images) as Tensor2D, vectors);
});

it('gives the other files', async () => {
  const lines = new TextDecoder()
    .decode(await exported('csv'))
    .trim()
    .split('\n');
  expect(lines).toHaveLength(count + 1);
  expect(lines[1]).toMatch(/^private\/kind0\/kind0-0\.png,kind0,kind [012],[01]\.\d{4},/);
  const files = Object.keys(unzipSync(await exported('huggingface'))).sort();
  expect(files).toEqual([
    'README.md',
    'config.json',
    'model.safetensors',
    'onnx/model.onnx',
    'preprocessor_config.json',
  ]);
});

it('has asked nobody for anything since it was loaded', () => {
  // The browser itself looks whether there is a newer service worker, at times of its own.
  const asked = (paths: string[]) => paths.filter((path) => !path.endsWith('/isolate.js'));
  expect(asked(outside)).toEqual([]);
  expect(asked(studio.host.requests.slice(requestsWhenReady))).toEqual([]);
  expect(studio.errors).toEqual([]);
});
