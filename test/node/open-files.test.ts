import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  type ImageDataset,
  imageBatches,
  imageStream,
  parseCIFAR10,
  parseCIFAR100,
  parseIDXImages,
  parseSTL10,
  shuffle,
} from '../../src/data/index.js';
import { DataError } from '../../src/errors/index.js';
import {
  decodePool,
  fileSource,
  idxFileRecords,
  openCIFAR10,
  openCIFAR100,
  openIDX,
  openSTL10,
  webDatasetFiles,
} from '../../src/node/index.js';
import { bytesSource, tarArchive, tarEntry } from '../data/tar-block.js';
import { expectTensors } from '../helpers/leaks.js';
import { plain } from './pictures.js';
import { temporaryFolder } from './temporary.js';

/** Bytes with as little pattern as possible; labels at the start of each record below `classes`. */
function records(count: number, recordBytes: number, labels: number[] = []): Uint8Array {
  const bytes = Uint8Array.from({ length: count * recordBytes }, (_, i) => Math.imul(i, 2654435761) >>> 24);
  for (let i = 0; i < count; i++) {
    for (const [place, classes] of labels.entries()) bytes[i * recordBytes + place]! %= classes;
  }
  return bytes;
}

function idx(shape: number[], values = shape.reduce((product, size) => product * size, 1)): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + values);
  bytes.set([0, 0, 8, shape.length]);
  const view = new DataView(bytes.buffer);
  for (const [axis, size] of shape.entries()) view.setUint32(4 + 4 * axis, size);
  bytes.set(records(1, values), 4 + 4 * shape.length);
  return bytes;
}

function file(name: string, bytes: Uint8Array | string): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, bytes);
  return path;
}

/** All pictures in the data set's order, with the labels that came with them. */
async function whole(dataset: ImageDataset, batchSize = 2) {
  const data: number[] = [];
  const labels: number[] = [];
  await expectTensors(0, async () => {
    for await (const batch of imageBatches(dataset, { batchSize, shuffle: false, dropRemainder: false })) {
      for (const value of await batch.images.data()) data.push(Math.round(value * 255));
      labels.push(...(batch.labels ?? []));
      batch.images.dispose();
    }
  });
  return { data, labels };
}

async function expectRefused(attempt: () => Promise<unknown>, path: string, reason: RegExp): Promise<void> {
  const error = await attempt().then(
    () => new Error('not refused'),
    (thrown) => thrown as DataError,
  );
  expect(error, String(reason)).toBeInstanceOf(DataError);
  expect(error.message).toMatch(reason);
  expect(error.message).toContain(path);
  expect((error as DataError).path).toBe(path);
}

describe('files that are read a picture at a time', () => {
  it('give what the parsers give', async () => {
    const cifar = [records(3, 3073, [10]), records(2, 3073, [10])];
    const parts = cifar.map(parseCIFAR10);
    const cifar10 = await openCIFAR10(cifar.map((bytes, i) => pathToFileURL(file(`${i}.bin`, bytes))));
    expect(cifar10.size).toBe(5);
    expect(cifar10.classNames![3]).toBe('cat');
    expect(await whole(cifar10)).toEqual({
      data: parts.flatMap(({ images }) => [...images.data]),
      labels: parts.flatMap(({ labels }) => [...labels]),
    });

    const fine = records(3, 3074, [20, 100]);
    const hundred = parseCIFAR100(fine);
    expect(await whole(await openCIFAR100(file('train.bin', fine)))).toEqual({
      data: [...hundred.images.data],
      labels: [...hundred.labels],
    });

    const pictures = records(2, 27_648);
    const stl = await openSTL10(file('X.bin', pictures), file('y.bin', Uint8Array.of(10, 1)));
    expect([...stl.labels!]).toEqual([9, 0]);
    expect(await whole(stl)).toEqual({ data: [...parseSTL10(pictures).images.data], labels: [9, 0] });
    expect((await whole(await openSTL10(file('X.bin', pictures)))).labels).toEqual([]);

    const gray = idx([5, 4, 3]);
    const classes = idx([5]);
    const parsed = await parseIDXImages(gray, classes, { channels: 3 });
    const expected = { data: [...parsed.images.data], labels: [...parsed.labels] };
    const opened = await openIDX(file('images', gray), file('labels', classes), { channels: 3 });
    expect(await whole(opened)).toEqual(expected);
    const zipped = [gray, classes].map((bytes, i) => file(`${i}.gz`, gzipSync(bytes)));
    const streamed = imageStream(idxFileRecords(zipped[0]!, zipped[1]!, { channels: 3 }));
    expect(await whole(streamed)).toEqual(expected);
  });

  it('have an order of seed and epoch, and begin at any batch', async () => {
    const dataset = await openCIFAR10(file('a.bin', records(9, 3073, [10])), { prefetch: 1 });
    const order = async (startBatch: number) => {
      const seen: number[][] = [];
      for await (const { images, indices } of imageBatches(dataset, { batchSize: 2, epoch: 3, startBatch })) {
        seen.push([...indices]);
        images.dispose();
      }
      return seen;
    };
    const all = await order(0);
    expect(new Set(all.flat()).size).toBe(8);
    expect(await order(3)).toEqual(all.slice(3));
  });

  it('name the file that is missing, empty, cut off, of another kind, or has labels out of range', async () => {
    const folder = temporaryFolder();
    const missing = join(folder, 'none');
    for (const open of [openCIFAR10, openCIFAR100, openSTL10, openIDX]) {
      await expectRefused(() => open(missing), missing, /no such file or directory \(ENOENT\)/);
      await expectRefused(() => open(folder), folder, /directory \(EISDIR\)/);
      const empty = file('empty', '');
      await expectRefused(() => open(empty), empty, open === openIDX ? /0 bytes/ : /an empty file/);
    }
    const cut = file('cut.bin', records(2, 3073).subarray(1));
    await expectRefused(() => openCIFAR10(cut), cut, /6145 bytes, 3072 more than whole records/);
    await expect(openCIFAR10([])).rejects.toThrow(/at least one file/);
    const wrong = file('wrong.bin', records(2, 3073));
    const dataset = await openCIFAR10(wrong);
    await expectRefused(() => whole(dataset), wrong, /labels must be from 0 to 9.*for picture [01] of/);

    const pictures = file('X.bin', records(2, 27_648));
    for (const [labels, reason] of [
      [Uint8Array.of(1), /one byte for each of 2 pictures\. Received: 1 bytes/],
      [Uint8Array.of(0, 1), /from 1 to 10.*label 0 for picture 0/],
      [Uint8Array.of(1, 11), /label 11 for picture 1/],
    ] as const) {
      const path = file('y.bin', labels);
      await expectRefused(() => openSTL10(pictures, path), path, reason);
    }

    for (const [bytes, reason] of [
      [idx([5]), /with 1 axes/],
      [idx([5, 4, 3], 59), /59 values, where its shape \[5,4,3\] promises 60/],
      [idx([5, 4, 3], 61), /61 values/],
      [idx([5, 0, 3]), /of shape \[5,0,3\]/],
      [idx([5, 4, 3]).subarray(0, 9), /ends within its header/],
      [Uint8Array.of(9, 9, 9, 9), /starting with 09 09 09 09/],
      [gzipSync(idx([5, 4, 3])), /compressed with gzip.*use idxFileRecords/],
    ] as const) {
      const path = file('images', bytes);
      await expectRefused(() => openIDX(path), path, reason);
    }
    const images = file('images', idx([5, 4, 3]));
    const four = file('labels', idx([4]));
    await expectRefused(
      () => openIDX(images, four),
      four,
      /shape \[5\], one for each picture.*of shape \[4\]/,
    );
    await expect(openIDX(images, undefined, { channels: 2 as never })).rejects.toThrow(/channels/);
    await expect(openIDX(images, undefined, { prefetch: 0 })).rejects.toThrow(/prefetch/);
  });

  it('say so when a file becomes shorter or goes away after it was opened', async () => {
    const path = file('a.bin', records(4, 3073, [10]));
    const dataset = await openCIFAR10(path);
    writeFileSync(path, records(1, 3073, [10]));
    await expectRefused(() => whole(dataset), path, /became shorter/);
  });
});

describe('fileSource and webDatasetFiles', () => {
  it('reads shards from disk and decodes their pictures on other threads', async () => {
    const shard = async (first: number, count: number) => {
      const entries: Uint8Array[] = [];
      for (let n = first; n < first + count; n++) {
        entries.push(tarEntry(`${n}.png`, await plain(n).png().toBuffer()), tarEntry(`${n}.cls`, `${n % 2}`));
      }
      return tarArchive(...entries);
    };
    const paths = [file('0.tar', await shard(0, 5)), file('1.tar.gz', gzipSync(await shard(5, 4)))];
    const decode = decodePool({ size: 2, workers: 1 });
    try {
      const files = webDatasetFiles(paths, { seed: 2 });
      const dataset = imageStream(shuffle(files, { bufferSize: 4, seed: 2 }), { decode, classes: 2 });
      const pass = async (startBatch: number) => {
        const seen: number[][] = [];
        for await (const { images, labels } of imageBatches(dataset, {
          batchSize: 2,
          epoch: 1,
          startBatch,
        })) {
          const values = await images.data();
          const numbers = Array.from(labels!, (_, row) => Math.round(values[row * 12]! * 255));
          expect([...labels!]).toEqual(numbers.map((n) => n % 2));
          seen.push(numbers);
          images.dispose();
        }
        return seen;
      };
      const all = await pass(0);
      expect(new Set(all.flat()).size).toBe(8);
      expect(await pass(2)).toEqual(all.slice(2));
    } finally {
      await decode.close();
    }
  });

  it('names the file that is missing or no archive', async () => {
    const first = async (path: string) => webDatasetFiles(path).open().next();
    const missing = join(temporaryFolder(), 'none.tar');
    await expectRefused(() => first(missing), missing, /ENOENT/);
    const folder = temporaryFolder();
    await expectRefused(() => first(folder), folder, /EISDIR/);
    const empty = file('empty.tar', '');
    await expectRefused(() => first(empty), empty, /an empty file/);
    const text = file('text.tar', 'no archive'.repeat(200));
    await expectRefused(() => first(text), text, /whole tar archive/);
    expect(() => fileSource(3 as never)).toThrow(/path must be/);
    expect(() => webDatasetFiles([])).toThrow(/at least one source/);
  });

  it('reads a file of many pieces as it is', async () => {
    const large = records(1, 2 ** 22 * 3 + 17);
    const parts: Uint8Array[] = [];
    const opened = await fileSource(file('large', large)).open();
    for await (const part of opened as AsyncIterable<Uint8Array>) parts.push(part);
    expect(parts.length).toBe(4);
    expect(Buffer.concat(parts).equals(large)).toBe(true);
    expect([...bytesSource('', large).open()].length).toBeGreaterThan(4);
  });
});
