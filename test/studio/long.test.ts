import { expect, it } from 'vitest';
import { type OpenStudio, openStudio, setTraining, waitForStep } from './open-studio.js';
import { drawnFiles } from './pictures.js';

const steps = 2000;

/** Tensors that the worker holds, as the page says. */
async function tensors({ page }: OpenStudio): Promise<number> {
  return Number(/Tensors(\d+),/.exec((await page.textContent('#figures')) ?? '')?.[1]);
}

/** Bytes of JavaScript objects of the page, garbage left out. */
async function heap({ context, page }: OpenStudio): Promise<number> {
  const session = await context.newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize;
}

it(`grows nothing in ${steps} steps`, { timeout: 900_000 }, async () => {
  const studio = await openStudio();
  try {
    const { page } = studio;
    await page.setInputFiles('#files', await drawnFiles(32));
    await studio.text('#pictures-state', /^32 pictures/);
    await setTraining(page, { epochs: String(steps / 2), batchSize: '16', width: '8' });
    await page.click('#start');
    await waitForStep(page, 300);
    const before = { tensors: await tensors(studio), heap: await heap(studio) };
    await studio.text('#train-state', /is done/, 800_000);
    const after = { tensors: await tensors(studio), heap: await heap(studio) };
    console.info(`after 300 steps ${JSON.stringify(before)}, after ${steps} ${JSON.stringify(after)}`);
    // While a step is under way its batch is one more.
    expect(after.tensors).toBeLessThanOrEqual(before.tensors);
    expect(after.heap).toBeLessThan(before.heap + 10 * 2 ** 20);
    expect(studio.errors).toEqual([]);
  } finally {
    await studio.close();
  }
});
