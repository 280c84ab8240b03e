import { zipSync } from 'fflate';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { oneAtATime } from './one-at-a-time.js';
import { type OpenStudio, setTraining, unfold, waitForStep } from './open-studio.js';
import { drawnFiles } from './pictures.js';

const open = oneAtATime();

/** The page must be of use after what went wrong. */
async function expectWorking({ page, text }: OpenStudio): Promise<void> {
  if (/^(No pictures|1 picture)/.test((await page.textContent('#pictures-state')) ?? '')) {
    await page.setInputFiles('#files', await drawnFiles(16));
    await text('#pictures-state', /^1[67] pictures/);
  }
  await setTraining(page, { epochs: '1000', batchSize: '16', width: '8' });
  await page.click('#start');
  await waitForStep(page, 3);
  await page.click('#stop');
  await text('#train-state', /was stopped/);
}

it('leaves a text file, a damaged picture, one of 100 megapixels and an archive that is none aside, and says why', async () => {
  const opened = await open();
  const huge = await sharp({ create: { width: 10_000, height: 10_000, channels: 3, background: '#888' } })
    .png()
    .toBuffer();
  const [good] = await drawnFiles(1);
  await opened.page.setInputFiles('#files', [
    { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no picture') },
    { name: 'broken.png', mimeType: 'image/png', buffer: good!.buffer.subarray(0, 90) },
    { name: 'huge.png', mimeType: 'image/png', buffer: huge },
    good!,
  ]);
  await opened.text('#pictures-state', /^1 picture/);
  const notice = await opened.text('#notices', /Skipped/);
  expect(notice).toMatch(/notes\.txt is not a picture/);
  expect(notice).toMatch(/broken\.png is damaged/);
  expect(notice).toMatch(/huge\.png has 100 megapixels, more than 50/);
  await opened.text('#train summary', /Waits for 7 more pictures/);
  await opened.page.click('#train summary');
  expect(await opened.page.isVisible('#start')).toBe(false);
  const archive = { name: 'a.zip', mimeType: 'application/zip', buffer: Buffer.from('not an archive') };
  await opened.page.setInputFiles('#files', archive);
  await opened.text('#notices', /a\.zip is not a zip archive/);
  await opened.picture('refusal-files');
  await expectWorking(opened);
});

it('leaves a damaged picture of an archive aside, and takes the others', async () => {
  const opened = await open();
  const files = await drawnFiles(3);
  const entries = files.map(({ name, buffer }) => [name, new Uint8Array(buffer)] as const);
  const archive = zipSync(Object.fromEntries(entries), { level: 9 });
  // Behind the first entry's name, in its compressed data.
  const start = Buffer.from(archive).indexOf(files[0]!.name) + files[0]!.name.length;
  archive.fill(0xff, start, start + 40);
  await opened.page.setInputFiles('#files', {
    name: 'three.zip',
    mimeType: 'application/zip',
    buffer: Buffer.from(archive),
  });
  await opened.text('#pictures-state', /^2 pictures/);
  await opened.text('#notices', new RegExp(`Skipped: ${files[0]!.name} is damaged`));
});

it('forgets pictures that are being added, too', async () => {
  const { page, text } = await open();
  const [first, ...others] = await drawnFiles(200);
  await page.setInputFiles('#files', [first!]);
  await text('#pictures-state', /^1 picture\./);
  await page.setInputFiles('#files', others);
  await page.click('#forget');
  await text('#pictures-state', /^No pictures/);
  await page.waitForTimeout(3000); // in which pictures of the second drop would appear
  expect(await page.textContent('#pictures-state')).toMatch(/^No pictures/);
});

it('does not unpack an archive whose pictures would fill the memory all at once', async () => {
  const opened = await open();
  const zeros = new Uint8Array(60 * 2 ** 20); // no pictures, but named like some
  const bomb = zipSync(
    Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`zeros/${index}.png`, zeros])),
    { level: 9 },
  );
  await opened.page.setInputFiles('#files', {
    name: 'bomb.zip',
    mimeType: 'application/zip',
    buffer: Buffer.from(bomb),
  });
  await opened.text('#notices', /zeros\/0\.png is damaged.*and 9 more/);
});

it('takes what fits of 20,000 pictures in an archive on a page that is not isolated, and says so', async () => {
  const opened = await open({ serviceWorkers: 'block' });
  expect(await opened.page.evaluate(() => crossOriginIsolated)).toBe(false);
  const tiny = await sharp({ create: { width: 4, height: 4, channels: 3, background: '#4a8' } })
    .png()
    .toBuffer();
  const entries = Array.from({ length: 20_000 }, (_, index) => [`many/${index}.png`, new Uint8Array(tiny)]);
  const archive = zipSync(Object.fromEntries(entries), { level: 0 });
  await opened.page.setInputFiles('#files', {
    name: 'many.zip',
    mimeType: 'application/zip',
    buffer: Buffer.from(archive),
  });
  await opened.text('#pictures-state', /^5,000 pictures/, 240_000);
  await opened.text('#notices', /20,000 pictures do not fit in a tab.s memory: 5,000 were added/);
  await expectWorking(opened);
});

it('says that storage is full, and trains on', async () => {
  const opened = await open();
  const session = await opened.context.newCDPSession(opened.page);
  const { origin } = new URL(opened.host.url);
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1000 });
  await opened.page.setInputFiles('#files', await drawnFiles(16));
  await opened.text('#notices', /Cannot save in this browser: storage is full/);
  await opened.picture('refusal-storage');
  await expectWorking(opened);
});

it('says that WebGL and WebGPU are not there, and stays on wasm', async () => {
  const opened = await open({
    args: ['--disable-webgl', '--disable-webgl2', '--disable-gpu', '--disable-software-rasterizer'],
  });
  await unfold(opened.page, 'train', 'adjust');
  for (const name of ['webgl', 'webgpu']) {
    await opened.page.selectOption('#backend', name);
    await opened.text('#notices', new RegExp(`${name} cannot train here`));
    await opened.text('#backend-report', /Trains here/);
    expect(await opened.page.inputValue('#backend')).toBe('wasm');
  }
  await opened.picture('refusal-webgl');
  await expectWorking(opened);
});

it('continues with one thread where memory cannot be shared', async () => {
  const opened = await open({ serviceWorkers: 'block' });
  expect(await opened.page.evaluate(() => typeof SharedArrayBuffer)).toBe('undefined');
  await opened.text('#notices', /One thread only/);
  await opened.text('#backend-report', /on 1 thread:/);
  await opened.picture('refusal-one-thread');
  await expectWorking(opened);
});

it('continues after its tab was put to sleep', async () => {
  const opened = await open({ query: '?samples=30' });
  const { page } = opened;
  await setTraining(page, { epochs: '1000', batchSize: '16', width: '8' });
  await page.click('#start');
  await waitForStep(page, 5);
  const session = await opened.context.newCDPSession(page);
  await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  await new Promise((resolve) => setTimeout(resolve, 2000));
  await session.send('Page.setWebLifecycleState', { state: 'active' });
  const before = Number(await page.locator('#train-state').getAttribute('data-step'));
  await waitForStep(page, before + 10);
  await page.click('#stop');
  await opened.text('#train-state', /was stopped/);
});

it('works without a network once it was loaded', async () => {
  const opened = await open();
  await opened.host.close();
  await opened.page.reload();
  await opened.ready();
  await expectWorking(opened);
});
