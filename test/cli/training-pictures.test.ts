import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomResizedCrop } from 'simclr-ts/augmentations';
import type { EpochPass, ImageBatchSource, ViewBatch } from 'simclr-ts/data';
import { type ImageFolderDataset, imageFolder } from 'simclr-ts/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wholeMicroBatches } from '../../src/cli/actions/training/pictures/whole-micro-batches.js';
import { viewRequests } from '../../src/training/fit/view-requests.js';
import { stripes } from './pictures.js';

let dir = '';
let folder: ImageFolderDataset;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'simclr-ts-cli-'));
  for (let i = 0; i < 12; i++) {
    const damaged = i === 1 || i === 5 || i === 6 || i === 7;
    writeFileSync(join(dir, `${10 + i}.png`), damaged ? 'damaged' : await stripes('rows', i));
  }
  folder = await imageFolder(dir, { size: 16, workers: 0 });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const pass: EpochPass = {
  epoch: 0,
  seed: 0,
  shuffle: false,
  batchSize: 4,
  dropRemainder: true,
  startBatch: 0,
};
const views = viewRequests({ augmentations: Array(2).fill(randomResizedCrop({ size: 8 })), seed: 0 }, 0)!;

async function batchesOf(source: ImageBatchSource, from: EpochPass) {
  const batches: ViewBatch[] = [];
  for await (const batch of source(from)) batches.push(batch as ViewBatch);
  return batches;
}

describe('wholeMicroBatches', () => {
  it('leaves out what damaged files leave of a micro-batch, from views and from pictures', async () => {
    const source = wholeMicroBatches(folder, 2);
    expect([source.size, source.seekable, source.cutsViews]).toEqual([12, true, true]);
    // Batch 0 has three whole pictures, batch 1 one and falls away, batch 2 four.
    const cut = await batchesOf(source, { ...pass, views });
    expect(cut.map(({ number, indices }) => [number, Array.from(indices!)])).toEqual([
      [0, [0, 2]],
      [2, [8, 9, 10, 11]],
    ]);
    const all = await batchesOf(folder, { ...pass, views });
    for (const view of [0, 1]) {
      expect(cut[0]!.views[view]).toEqual({
        data: (all[0]!.views[view] as { data: Uint8Array }).data.slice(0, 2 * 192),
        shape: [2, 8, 8, 3],
      });
      expect(cut[1]!.views[view]).toEqual(all[1]!.views[view]);
    }
    const whole = await batchesOf(source, pass);
    expect(whole.map(({ images }) => (images as unknown as { shape: unknown }).shape)).toEqual([
      [2, 16, 16, 3],
      [4, 16, 16, 3],
    ]);
    expect((await batchesOf(source, { ...pass, startBatch: 1, views })).map(({ number }) => number)).toEqual([
      2,
    ]);
  });
});
