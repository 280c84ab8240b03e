import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cifar10ClassNames,
  parseCIFAR10,
  parseCIFAR100,
  parseIDX,
  parseIDXGzip,
  parseIDXImages,
  parseSTL10,
  stl10ClassNames,
} from '../../src/data/index.js';
import { DataError, InvalidOptionError, SimCLRError } from '../../src/errors/index.js';
import fixture from '../fixtures/data/files.json' with { type: 'json' };
import { formulaPictures, sha256, unpack } from './fixture-files.js';

const cifar10 = unpack(fixture.cifar10);
const cifar100 = unpack(fixture.cifar100);
const stl10 = unpack(fixture.stl10.images);
const stl10Labels = Uint8Array.from(fixture.stl10.labels);
const idx = unpack(fixture.idx.images);
const idxLabels = unpack(fixture.idx.labels);

describe('parseCIFAR10', () => {
  it('reads channel-first records as NHWC', () => {
    const { images, labels, classNames } = parseCIFAR10(cifar10);
    expect(images.shape).toEqual([3, 32, 32, 3]);
    expect([...labels]).toEqual([3, 0, 9]);
    expect(images.data).toEqual(formulaPictures(3, 32, 32, 3));
    expect(classNames).toBe(cifar10ClassNames);
    expect(cifar10ClassNames).toHaveLength(10);
    expect(cifar10ClassNames[3]).toBe('cat');
  });

  it('takes an ArrayBuffer, a Buffer and a view into a larger buffer alike', () => {
    const padded = new Uint8Array(cifar10.length + 7);
    padded.set(cifar10, 5);
    const expected = parseCIFAR10(cifar10);
    expect(parseCIFAR10(cifar10.buffer as ArrayBuffer)).toEqual(expected);
    expect(parseCIFAR10(Buffer.from(cifar10))).toEqual(expected);
    expect(parseCIFAR10(padded.subarray(5, 5 + cifar10.length))).toEqual(expected);
  });

  it('refuses empty, truncated and foreign files', () => {
    expect(() => parseCIFAR10(new Uint8Array(0))).toThrow(
      new DataError(
        'parseCIFAR10: bytes must be records of 3073 bytes each, at least one. Received: an empty file.',
      ),
    );
    expect(() => parseCIFAR10(cifar10.subarray(0, 5000))).toThrow(
      /Received: 5000 bytes, 1927 more than whole records/,
    );
    const foreign = cifar10.slice();
    foreign[3073] = 10;
    expect(() => parseCIFAR10(foreign)).toThrow(
      /labels must be from 0 to 9.* Received: label 10 for picture 1/,
    );
    expect(() => parseCIFAR10('data_batch_1.bin' as never)).toThrow(InvalidOptionError);
  });
});

describe('parseCIFAR100', () => {
  it('reads the superclass before the class', () => {
    const { images, labels, coarseLabels } = parseCIFAR100(cifar100);
    expect(images.data).toEqual(formulaPictures(2, 32, 32, 3));
    expect([...labels]).toEqual([99, 0]);
    expect([...coarseLabels]).toEqual([19, 4]);
  });

  it('refuses CIFAR-10 files and labels out of range', () => {
    expect(() => parseCIFAR100(cifar10)).toThrow(/records of 3074 bytes/);
    const wrong = cifar100.slice();
    wrong[0] = 20;
    expect(() => parseCIFAR100(wrong)).toThrow(/labels must be from 0 to 19/);
  });
});

describe('parseSTL10', () => {
  it('reads what torchvision reads', () => {
    const { images, labels, classNames } = parseSTL10(stl10, stl10Labels);
    expect(images.shape).toEqual([2, 96, 96, 3]);
    expect(sha256(images.data)).toBe(fixture.stl10.sha256);
    expect(images.data).toEqual(formulaPictures(2, 96, 96, 3));
    expect([...labels]).toEqual(fixture.stl10.readLabels);
    expect(classNames).toBe(stl10ClassNames);
    expect(stl10ClassNames[9]).toBe('truck');
  });

  it('reads unlabeled pictures', () => {
    expect(parseSTL10(stl10)).toEqual({
      images: { data: formulaPictures(2, 96, 96, 3), shape: [2, 96, 96, 3] },
    });
  });

  it('refuses truncated pictures, missing labels and labels outside 1 to 10', () => {
    expect(() => parseSTL10(stl10.subarray(1))).toThrow(/images must be records of 27648 bytes/);
    expect(() => parseSTL10(stl10, new Uint8Array(3))).toThrow(
      /one byte for each of 2 pictures. Received: 3 bytes/,
    );
    expect(() => parseSTL10(stl10, Uint8Array.of(1, 0))).toThrow(
      /labels must be from 1 to 10.* label 0 for picture 1/,
    );
  });
});

describe('parseIDX', () => {
  it('reads the documented layout', () => {
    const bytes = Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6);
    expect(parseIDX(bytes)).toEqual({ data: Uint8Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] });
    expect(parseIDX(Buffer.from(bytes)).data.constructor).toBe(Uint8Array);
  });

  it('reads what torchvision reads, compressed or not', async () => {
    const { data, shape } = parseIDX(idx);
    expect(shape).toEqual(fixture.idx.shape);
    expect(sha256(data)).toBe(fixture.idx.sha256);
    const gz = gzipSync(idx);
    expect(await parseIDXGzip(gz)).toEqual({ data, shape });
    expect(await parseIDXGzip(idx)).toEqual({ data, shape });
    const labeled = await parseIDXImages(gz, gzipSync(idxLabels));
    expect(labeled.images).toEqual({ data, shape: [3, 5, 4, 1] });
    expect([...labeled.labels]).toEqual(fixture.idx.readLabels);
  });

  it('repeats the gray value where 3 channels are asked for', async () => {
    const { images } = await parseIDXImages(idx, undefined, { channels: 3 });
    expect(images.shape).toEqual([3, 5, 4, 3]);
    const grey = formulaPictures(3, 5, 4, 1);
    expect([...images.data].every((value, i) => value === grey[Math.floor(i / 3)])).toBe(true);
    await expect(parseIDXImages(idx, undefined, { channels: 2 as never })).rejects.toThrow(
      /channels must be one of 1, 3. Received: channels=2/,
    );
  });

  it('says what is wrong with a damaged file', async () => {
    expect(() => parseIDX(new Uint8Array(0))).toThrow(/must start with 00 00.* Received: 0 bytes\./);
    expect(() => parseIDX(Uint8Array.of(1, 2, 3, 4))).toThrow(/4 bytes, starting with 01 02 03 04/);
    expect(() => parseIDX(Uint8Array.of(0, 0, 13, 1, 0, 0, 0, 0))).toThrow(
      /unsigned bytes.* Received: float32/,
    );
    expect(() => parseIDX(idx.subarray(0, 10))).toThrow(/header of 16 bytes for 3 axes. Received: 10 bytes/);
    expect(() => parseIDX(idx.subarray(0, idx.length - 1))).toThrow(
      /promises 60 values.* Received: 59 values/,
    );
    expect(() => parseIDX(gzipSync(idx))).toThrow(/parseIDXGzip takes gzip/);
    const gz = gzipSync(idx);
    await expect(parseIDXGzip(gz.subarray(0, gz.length - 9))).rejects.toThrow(/must be a whole gzip file/);
    await expect(parseIDXGzip(gz.subarray(0, 2))).rejects.toThrow(DataError);
    // Of two files the error says which.
    await expect(parseIDXImages(idx, Uint8Array.of(1, 2, 3, 4))).rejects.toThrow(
      /^parseIDXImages: labels must start with 00 00/,
    );
    await expect(parseIDXImages(idx.subarray(0, 30), idxLabels)).rejects.toThrow(
      /^parseIDXImages: the header of images promises 60 values/,
    );
    await expect(parseIDXImages(idx, gz.subarray(0, gz.length - 9))).rejects.toThrow(
      /^parseIDXImages: labels must be a whole gzip file/,
    );
    await expect(parseIDXImages(idx, 5 as never)).rejects.toThrow(
      /^parseIDXImages: labels must be an ArrayBuffer/,
    );
    await expect(parseIDXImages(idxLabels, idxLabels)).rejects.toThrow(/images must have shape/);
    await expect(parseIDXImages(idx, idx)).rejects.toThrow(/labels must have shape \[3\]/);
  });
});

describe('damaged bytes', () => {
  const files: [string, Uint8Array, (bytes: Uint8Array) => unknown][] = [
    ['parseCIFAR10', cifar10, parseCIFAR10],
    ['parseCIFAR100', cifar100, parseCIFAR100],
    ['parseSTL10', stl10, (bytes) => parseSTL10(bytes, stl10Labels)],
    ['parseSTL10 labels', stl10Labels, (bytes) => parseSTL10(stl10, bytes)],
    ['parseIDX', idx, parseIDX],
    ['parseIDXGzip', gzipSync(idx), parseIDXGzip],
    ['parseIDXImages', gzipSync(idxLabels), (bytes) => parseIDXImages(idx, bytes)],
  ];

  it.each(files)('%s gives a result or an error of ours', async (_, file, parse) => {
    const mutation = fc.record({
      edits: fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { maxLength: 8 }),
      // Often the whole file, otherwise cut off or with bytes too many.
      length: fc.oneof(fc.constant(file.length), fc.nat(file.length + 40)),
    });
    await fc.assert(
      fc.asyncProperty(mutation, async ({ edits, length }) => {
        const bytes = new Uint8Array(length);
        bytes.set(file.subarray(0, length));
        for (const [position, value] of edits) if (position < length) bytes[position] = value;
        try {
          expect(await parse(bytes)).toBeTypeOf('object');
        } catch (error) {
          expect(error).toBeInstanceOf(SimCLRError);
        }
      }),
      { numRuns: 100, seed: 1 },
    );
  });
});
