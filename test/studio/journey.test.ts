import { readFileSync } from 'node:fs';
import '@tensorflow/tfjs-backend-cpu';
import { setBackend } from '@tensorflow/tfjs-core';
import { unzipSync } from 'fflate';
import { augment, evaluationTransform, imagesToTensor, randomGenerator, resnet18, SimCLR } from 'simclr-ts';
import { loadStateDict, readSafetensors } from 'simclr-ts/interop';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OpenStudio, openStudio, setTraining, stepsDone, waitForStep } from './open-studio.js';
import { drawnFiles, drawnPixels } from './pictures.js';

const count = 48;
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

afterAll(() => studio?.close());

/** What a button of the exports gives. */
async function exported(kind: string): Promise<Uint8Array> {
  const download = studio.page.waitForEvent('download');
  await studio.page.click(`#exports [data-kind=${kind}]`);
  return readFileSync(await (await download).path());
}

it('takes the headers that threads need from its service worker, on a host that sends none', async () => {
  expect(await studio.page.evaluate(() => crossOriginIsolated)).toBe(true);
  expect(await studio.page.textContent('#backend-report')).toMatch(/Trains here on \d+ threads?: \d+ pairs/);
});

it('reads dropped pictures and shows two views of them', async () => {
  const { page } = studio;
  const files = await drawnFiles(count);
  const dropped = await page.evaluateHandle(
    (list) => {
      const transfer = new DataTransfer();
      for (const { name, base64 } of list) {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        transfer.items.add(new File([bytes], name, { type: 'image/png' }));
      }
      return transfer;
    },
    files.map(({ name, buffer }) => ({ name, base64: buffer.toString('base64') })),
  );
  await page.dispatchEvent('#drop', 'drop', { dataTransfer: dropped });
  await studio.text('#pictures-state', /^48 pictures/);
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

it('trains in a worker while the page stays quick', async () => {
  const { page } = studio;
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
  await studio.text('#figures', /Loss.*Pairs a second.*To go.*Other view found.*Effective rank/);
  await page.locator('#map[aria-label*="pictures after step"]').waitFor();
  await studio.picture('2-training');
  const tasks = await page.evaluate(() => (globalThis as unknown as { longTasks: number[] }).longTasks);
  const stepBefore = await stepsDone(page);
  const { frames, seconds } = await page.evaluate(async () => {
    const began = performance.now();
    let drawn = 0;
    while (performance.now() - began < 5000) {
      await new Promise(requestAnimationFrame);
      drawn++;
    }
    return { frames: drawn, seconds: (performance.now() - began) / 1000 };
  });
  const longest = [...tasks]
    .sort((a, b) => b - a)
    .slice(0, 5)
    .map(Math.round);
  console.info(
    `while training: ${(frames / seconds).toFixed(0)} frames a second; ${tasks.length} tasks of 50 ms and more, longest ${longest} ms`,
  );
  // Training on the page itself would leave a frame a step at most, on whatever machine.
  expect(frames).toBeGreaterThan(((await stepsDone(page)) - stepBefore) * 1.2);
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
  const state = await studio.text('#train-state', /A model of your last visit/);
  expect(Number(/after (\d+) steps/.exec(state)![1])).toBeGreaterThanOrEqual(before);
  expect(await page.textContent('#pictures-state')).toMatch(/^48 pictures/);
  requestsWhenReady = studio.host.requests.length; // loading again is asking again
  outside.length = 0;
  await page.click('#start');
  await waitForStep(page, before + 20);
  await page.click('#stop');
  await studio.text('#train-state', /was stopped/);
});

it('finds neighbours and marks with the keyboard alone', async () => {
  const { page } = studio;
  await page.focus('#picture-grid .grid button');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await studio.text('#neighbors', /Nearest to kind1-1\.png/);
  expect(await page.locator('#neighbors .grid button').count()).toBe(13);
  await page.keyboard.press('m');
  await expect.poll(() => page.locator('#picture-grid .grid [aria-pressed=true]').count()).toBe(1);
  await page.keyboard.press('m');
  await studio.picture('3-search');
});

it('finds duplicates and names the rest from a few', async () => {
  const { page } = studio;
  await page.fill('#similarity', '0.5');
  await page.click('#duplicates-form button');
  await studio.text('#duplicates', /groups that may be duplicates|No duplicates/);
  for (const kind of [0, 1, 2]) {
    for (const row of [0, 1, 2]) {
      await page
        .locator('#picture-grid .grid button')
        .nth(3 * row + kind)
        .click({ modifiers: ['Shift'] });
    }
    await page.fill('#label-name', `kind ${kind}`);
    await page.keyboard.press('Enter');
  }
  await page.click('#probe');
  const text = await studio.text('#labelled', /kind 0: \d+ pictures.*kind 2: \d+ pictures/);
  const named = [...text.matchAll(/: (\d+) pictures/g)].reduce((sum, [, number]) => sum + Number(number), 0);
  expect(named).toBe(count);
  await studio.picture('4-named');
});

it('explains the loss on eight embeddings', async () => {
  const { page } = studio;
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

it('gives an encoder and vectors that agree in Node', async () => {
  const encoder = resnet18({ inputShape: [32, 32, 3], stem: 'small', width: 8 });
  loadStateDict(encoder, readSafetensors(await exported('safetensors')).tensors);
  const file = readSafetensors(await exported('vectors'));
  const names: string[] = JSON.parse(file.metadata.pictures!);
  const { data, shape } = file.tensors.get('h')!;
  expect(shape).toEqual([count, 64]);
  const simclr = new SimCLR({ encoder });
  const indices = [0, 1, 2, 20];
  const pixels = indices.map((row) => {
    const [, kind, seed] = /kind(\d)-(\d+)/.exec(names[row]!)!;
    return drawnPixels(Number(kind), Number(seed));
  });
  const images = imagesToTensor({
    data: new Uint8Array(Buffer.concat(pixels)),
    shape: [indices.length, 64, 64, 3],
  });
  const h = await simclr.embed(augment(evaluationTransform({ size: 32 }), images, randomGenerator(0)));
  const ours = await h.data();
  const theirs = indices.flatMap((row) =>
    Array.from(data.subarray(row * 64, (row + 1) * 64) as Float32Array),
  );
  const largest = Math.max(...theirs.map(Math.abs));
  for (const [i, value] of theirs.entries()) expect(Math.abs(ours[i]! - value)).toBeLessThan(1e-4 * largest);
});

it('gives the other files', async () => {
  expect((await exported('onnx')).length).toBeGreaterThan(100_000);
  for (const kind of ['tfjs', 'checkpoint']) {
    const files = unzipSync(await exported(kind));
    expect(Object.keys(files).sort()).toEqual(['model.json', 'weights.bin']);
  }
  const lines = new TextDecoder()
    .decode(await exported('csv'))
    .trim()
    .split('\n');
  expect(lines).toHaveLength(count + 1);
  expect(lines[1]).toMatch(/^kind0-0\.png,,kind 0,1\.0000,/);
});

it('has asked nobody for anything since it was loaded', () => {
  // The browser itself looks whether there is a newer service worker, at times of its own.
  const asked = (paths: string[]) => paths.filter((path) => !path.endsWith('/isolate.js'));
  expect(asked(outside)).toEqual([]);
  expect(asked(studio.host.requests.slice(requestsWhenReady))).toEqual([]);
  expect(studio.errors).toEqual([]);
});
