import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomHorizontalFlip, SimCLR } from 'simclr-ts';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ImageDataset, imageStream, shuffle } from '../../src/data/index.js';
import { decodePool, imageFolder, openCIFAR10, webDatasetFiles } from '../../src/node/index.js';
import { tarArchive, tarEntry } from '../data/tar-block.js';
import { expectTensors } from '../helpers/leaks.js';
import { memoryStore, tinySimCLR, weightValues } from '../training/tiny.js';
import { everyDamage, plain, writeNumbered } from './pictures.js';
import { temporaryFolder } from './temporary.js';

describe('training from a folder', () => {
  it('trains on a thousand files of which ten are damaged, and lists the ten', async () => {
    const folder = temporaryFolder();
    const names = Array.from({ length: 1000 }, (_, i) => `${String(i).padStart(3, '0')}.png`);
    const paths = await writeNumbered(folder, names);
    const damage = Object.values(await everyDamage());
    const bad = Array.from({ length: 10 }, (_, i) => paths[97 * i + 5]!);
    for (const [i, path] of bad.entries()) writeFileSync(path, damage[i % damage.length]!);
    const photos = await imageFolder(folder, { size: 8, workers: 1 });
    onTestFinished(() => photos.close());
    const history = await expectTensors(0, async () => {
      // As little work as training can be: it is the data that is tested.
      const simclr = tinySimCLR({ augmentation: randomHorizontalFlip() });
      try {
        return await simclr.fit(photos, { batchSize: 50 });
      } finally {
        simclr.dispose();
      }
    });
    expect(history.outcome).toBe('completed');
    expect(history.steps).toHaveLength(20);
    expect(history.steps.reduce((pictures, { pairs }) => pictures + pairs, 0)).toBe(990);
    expect(photos.skipped.map(({ path }) => path).sort()).toEqual(bad);
    for (const { path, reason } of photos.skipped) {
      expect(reason).toContain(path);
      expect(reason).toMatch(/\(.+\)\.$/);
    }
  });

  it('leaves nothing running when training ends early', async () => {
    const paths = await writeNumbered(
      temporaryFolder(),
      Array.from({ length: 40 }, (_, i) => `${i}.png`),
    );
    const photos = await imageFolder(join(paths[0]!, '..'), { size: 8, workers: 1, prefetch: 4 });
    const { outcome } = await tinySimCLR().fit(photos, { batchSize: 4, maxSteps: 2 });
    expect(outcome).toBe('completed');
    await photos.close();
    await expect(tinySimCLR().fit(photos, { batchSize: 4 })).rejects.toThrow(/after close/);
  });
});

/** Makes a data set again, as another process would. */
type MakeDataset = () => Promise<ImageDataset> | ImageDataset;

const sources: Record<string, () => Promise<MakeDataset>> = {
  async 'a folder with damaged files'() {
    const folder = temporaryFolder();
    const paths = await writeNumbered(
      folder,
      Array.from({ length: 22 }, (_, i) => `${i}.png`),
    );
    // So many that whole batches fall away.
    for (const i of [0, 3, 4, 7, 8, 9, 13, 15, 16, 20]) writeFileSync(paths[i]!, 'damaged');
    return () => imageFolder(folder, { size: 8, workers: 1 });
  },
  async 'shards of a WebDataset'() {
    const folder = temporaryFolder();
    const paths: string[] = [];
    for (let shard = 0; shard < 3; shard++) {
      const entries: Uint8Array[] = [];
      for (let i = 0; i < 6; i++) {
        entries.push(
          tarEntry(
            `${i}.png`,
            await plain(40 * shard + 7 * i)
              .png()
              .toBuffer(),
          ),
        );
      }
      paths.push(join(folder, `${shard}.tar`));
      writeFileSync(paths[shard]!, tarArchive(...entries));
    }
    const decode = decodePool({ size: 8, workers: 1 });
    onTestFinished(() => decode.close());
    return () => {
      const records = webDatasetFiles(paths, { seed: 4 });
      return imageStream(shuffle(records, { bufferSize: 5, seed: 4 }), { decode });
    };
  },
  async 'a file of records'() {
    const bytes = Uint8Array.from({ length: 17 * 3073 }, (_, i) =>
      i % 3073 === 0 ? 3 : Math.imul(i, 2654435761) >>> 24,
    );
    const path = join(temporaryFolder(), 'data.bin');
    writeFileSync(path, bytes);
    return () => openCIFAR10(path);
  },
};

describe('fit with resume', () => {
  it.each(Object.keys(sources))('continues inside an epoch as if it had not stopped: %s', async (name) => {
    const make = await sources[name]!();
    const straight = tinySimCLR();
    const whole = await straight.fit(await make(), { epochs: 2, batchSize: 3 });
    const losses = whole.steps.map(({ loss }) => loss);
    expect(whole.epochs).toHaveLength(2);
    for (const stop of [1, 2, losses.length - 2]) {
      const first = tinySimCLR();
      const before = await first.fit(await make(), { epochs: 2, batchSize: 3, maxSteps: stop });
      const store = memoryStore();
      await first.save(store);
      const second = await SimCLR.load(store);
      const after = await second.fit(await make(), { epochs: 2, batchSize: 3, resume: true });
      expect([...before.steps, ...after.steps].map(({ loss }) => loss)).toEqual(losses);
      expect(weightValues(second)).toEqual(weightValues(straight));
      first.dispose();
      second.dispose();
    }
    straight.dispose();
  });
});
