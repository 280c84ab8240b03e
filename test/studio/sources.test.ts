/** Pictures from the clipboard and the camera. */
import { expect, it } from 'vitest';
import { oneAtATime } from './one-at-a-time.js';
import { drawnFiles } from './pictures.js';

const open = oneAtATime();

it('takes a picture that is pasted, by keys or by the button', async () => {
  const { page, text } = await open({ permissions: ['clipboard-read', 'clipboard-write'] });
  const [file] = await drawnFiles(1);
  await page.evaluate(
    async (bytes) => {
      const picture = new File([new Uint8Array(bytes)], 'image.png', { type: 'image/png' });
      const clipboardData = new DataTransfer();
      clipboardData.items.add(picture);
      document.dispatchEvent(new ClipboardEvent('paste', { clipboardData }));
    },
    [...file!.buffer],
  );
  await text('#pictures-state', /^1 picture\./);
  await page.bringToFront();
  await page.evaluate(
    async (bytes) => {
      const picture = new Blob([new Uint8Array(bytes)], { type: 'image/png' });
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': picture })]);
    },
    [...file!.buffer],
  );
  await page.waitForTimeout(1000); // names hold the second
  await page.click('#paste');
  await text('#pictures-state', /^2 pictures\./);
  await page.evaluate(() => navigator.clipboard.writeText('no picture'));
  await page.click('#paste');
  await text('#notices', /There is no picture on the clipboard/);
});

it('takes pictures with the camera, which is off afterwards', async () => {
  const { page, text, picture } = await open({
    args: ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
    permissions: ['camera'],
  });
  await page.click('#webcam-open');
  await page.fill('#webcam-folder', 'cups');
  await page.waitForFunction(() => document.querySelector('video')!.videoWidth > 0);
  await page.evaluate(() => {
    const stream = document.querySelector('video')!.srcObject as MediaStream;
    (globalThis as unknown as { tracks: MediaStreamTrack[] }).tracks = stream.getTracks();
  });
  await page.click('#webcam-take');
  await text('#webcam-taken', /^1 picture taken/);
  await page.check('#webcam-every');
  await text('#webcam-taken', /^3 pictures taken/);
  await picture('camera');
  await page.click('#webcam-use');
  await text('#pictures-state', /^\d pictures/);
  const states = await page.evaluate(() =>
    (globalThis as unknown as { tracks: MediaStreamTrack[] }).tracks.map(({ readyState }) => readyState),
  );
  expect(states).toEqual(['ended']);
  const first = page.locator('#picture-grid .grid button').first();
  expect(await first.getAttribute('aria-label')).toMatch(/^cups\//);
});

it('says why there is no picture from a camera', async () => {
  const { page, text } = await open();
  await page.click('#webcam-open');
  await text('#notices', /no camera|use the camera|cannot be used/);
  expect(await page.isVisible('#webcam')).toBe(false);
});
