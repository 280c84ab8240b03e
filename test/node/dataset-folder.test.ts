import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parseCIFAR10, parseCIFAR100, parseSTL10, samplePictures } from 'simclr-ts';
import { readDatasetFolder } from 'simclr-ts/node';
import { describe, expect, it } from 'vitest';
import { unpack } from '../data/fixture-files.js';
import fixture from '../fixtures/data/files.json' with { type: 'json' };
import { temporaryFolder } from './temporary.js';

const cifar10 = unpack(fixture.cifar10);
const cifar100 = unpack(fixture.cifar100);
const stl10 = unpack(fixture.stl10.images);
const stl10Labels = Uint8Array.from(fixture.stl10.labels);

function folderOf(files: Record<string, Uint8Array | string>): string {
  const folder = temporaryFolder();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

/** IDX files of gray pictures 8x8 and of labels. */
function idx(count: number): { images: Uint8Array; labels: Uint8Array } {
  const { images, labels } = samplePictures(count, { classes: 2, size: 8 });
  const gray = images.data.filter((_, i) => i % 3 === 0);
  return {
    images: Uint8Array.of(0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 8, 0, 0, 0, 8, ...gray),
    labels: Uint8Array.of(0, 0, 8, 1, 0, 0, 0, count, ...labels),
  };
}

describe('readDatasetFolder', () => {
  it('reads the binary version of CIFAR-10, all batches that are there', async () => {
    const folder = folderOf({
      'data_batch_1.bin': cifar10,
      'data_batch_2.bin': cifar10.subarray(0, 3073),
      'test_batch.bin': cifar10,
    });
    const { name, images, references, test } = (await readDatasetFolder(folder))!;
    expect(name).toBe('CIFAR-10');
    expect(images.shape[0]).toBe(1 + parseCIFAR10(cifar10).labels.length);
    expect(references!.images).toEqual(images);
    expect(test).toEqual(parseCIFAR10(cifar10));
  });

  it('reads CIFAR-100', async () => {
    const folder = folderOf({ 'train.bin': cifar100, 'test.bin': cifar100, 'fine_label_names.txt': '' });
    const { name, references, test } = (await readDatasetFolder(folder))!;
    expect(name).toBe('CIFAR-100');
    expect(references).toEqual(parseCIFAR100(cifar100));
    expect(test).toEqual(references);
  });

  it('trains on the unlabeled pictures of STL-10 and measures with the others', async () => {
    const files = { 'unlabeled_X.bin': stl10, 'train_X.bin': stl10, 'train_y.bin': stl10Labels };
    const all = (await readDatasetFolder(
      folderOf({ ...files, 'test_X.bin': stl10, 'test_y.bin': stl10Labels }),
    ))!;
    expect(all).toMatchObject({ name: 'STL-10' });
    expect(all.images).toEqual(parseSTL10(stl10).images);
    expect(all.test).toEqual(parseSTL10(stl10, stl10Labels));
    const limited = (await readDatasetFolder(folderOf(files), { limit: 1 }))!;
    expect(limited.images.shape[0]).toBe(1);
    expect(limited.references!.labels).toHaveLength(stl10Labels.length);
    expect(limited.test).toBeUndefined();
  });

  it.each(['-', '.'])('reads IDX files with %j in their names, compressed or not, as RGB', async (dot) => {
    const [train, test] = [idx(6), idx(4)];
    const folder = folderOf({
      [`train-images${dot}idx3-ubyte.gz`]: gzipSync(train.images),
      [`train-labels${dot}idx1-ubyte.gz`]: gzipSync(train.labels),
      [`t10k-images${dot}idx3-ubyte`]: test.images,
      [`t10k-labels${dot}idx1-ubyte`]: test.labels,
    });
    const contents = (await readDatasetFolder(folder, { limit: 5 }))!;
    expect(contents.images.shape).toEqual([5, 8, 8, 3]);
    expect(contents.references!.labels).toEqual(train.labels.subarray(8));
    expect(contents.test!.images.shape).toEqual([4, 8, 8, 3]);
    const [red, green, blue] = contents.images.data;
    expect([green, blue]).toEqual([red, red]);
  });

  it('takes pictures without labels', async () => {
    const folder = folderOf({ 'train-images-idx3-ubyte': idx(6).images });
    const contents = (await readDatasetFolder(folder))!;
    expect(Object.keys(contents)).toEqual(['name', 'images']);
  });

  it('gives nothing for a folder of pictures, and for none', async () => {
    const folder = folderOf({ 'train.bin': 'something else' });
    mkdirSync(join(folder, 'cats'));
    expect(await readDatasetFolder(folder)).toBeUndefined();
    expect(await readDatasetFolder(join(folder, 'none'))).toBeUndefined();
  });

  it('names the file that is damaged', async () => {
    const folder = folderOf({ 'data_batch_1.bin': cifar10.subarray(0, 100) });
    await expect(readDatasetFolder(folder)).rejects.toThrow(/3073 bytes.*data_batch_1\.bin/);
  });
});
