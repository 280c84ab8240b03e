import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type ImageRecord, idxRecords, parseIDXImages } from '../../src/data/index.js';
import { DataError } from '../../src/errors/index.js';
import { bytesSource } from './tar-block.js';

/** An IDX file of bytes 0, 1, 2, ... */
function idx(shape: number[], values = shape.reduce((product, size) => product * size, 1)): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + values);
  bytes.set([0, 0, 8, shape.length]);
  const view = new DataView(bytes.buffer);
  for (const [axis, size] of shape.entries()) view.setUint32(4 + 4 * axis, size);
  for (let i = 0; i < values; i++) bytes[4 + 4 * shape.length + i] = i;
  return bytes;
}

async function take(
  images: Uint8Array,
  labels?: Uint8Array,
  options: { channels?: 1 | 3; position?: number } = {},
): Promise<ImageRecord[]> {
  const { position = 0, ...rest } = options;
  const records = idxRecords(
    bytesSource('images', images, 7),
    labels && bytesSource('labels', labels, 3),
    rest,
  );
  const taken: ImageRecord[] = [];
  for await (const record of records.open({ position })) taken.push(record);
  return taken;
}

const zip = (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes));

describe('idxRecords', () => {
  it('gives what parseIDXImages gives, compressed or not, in pieces', async () => {
    const images = idx([5, 3, 2]);
    const labels = idx([5]);
    for (const channels of [1, 3] as const) {
      const whole = await parseIDXImages(images, labels, { channels });
      for (const records of [
        await take(images, labels, { channels }),
        await take(zip(images), zip(labels), { channels }),
      ]) {
        expect(records.flatMap(({ image }) => [...image!.data])).toEqual([...whole.images.data]);
        expect(records.map(({ label }) => label)).toEqual([...whole.labels]);
        expect(records.map(({ index, name }) => [index, name])[4]).toEqual([4, 'images[4]']);
        expect(records[0]!.image!.shape).toEqual([3, 2, channels]);
      }
    }
    expect((await take(images, undefined, { position: 3 })).map(({ index }) => index)).toEqual([3, 4]);
    expect((await take(images))[0]).not.toHaveProperty('label');
  });

  it('names the file that is damaged, of another shape, cut off or too long', async () => {
    const images = idx([5, 3, 2]);
    const labels = idx([5]);
    const cases: [Uint8Array, Uint8Array | undefined, string, RegExp][] = [
      [new Uint8Array(0), undefined, 'images', /0 bytes in images/],
      [Uint8Array.of(1, 2, 3, 4, 5), undefined, 'images', /starting with 01 02 03 04 in images/],
      [Uint8Array.of(0, 0, 13, 3), undefined, 'images', /float32/],
      [labels, undefined, 'images', /with 1 axes/],
      [idx([5, 3, 2]).subarray(0, 9), undefined, 'images', /ends within its header/],
      [idx([5, 0, 2]), undefined, 'images', /of shape \[5,0,2\]/],
      [idx([5, 3, 2], 29), undefined, 'images', /5 elements.*images, which ends within number 4/],
      [idx([5, 3, 2], 31), undefined, 'images', /images, which continues after them/],
      [idx([2, 65_536, 65_536], 0), undefined, 'images', /at most 268435456 pixels/],
      [images, images, 'labels', /labels with 3 axes/],
      [images, idx([4]), 'labels', /shape \[5\], one for each picture. Received: labels of shape \[4\]/],
      [images, idx([5], 4), 'labels', /labels, which ends within number 4/],
      [images, idx([5], 6), 'labels', /labels, which continues/],
      [zip(images).subarray(0, 25), undefined, 'images', /images, which does not decompress/],
    ];
    for (const [pictures, classes, file, reason] of cases) {
      const error = await take(pictures, classes).catch((thrown) => thrown);
      expect(error, String(reason)).toBeInstanceOf(DataError);
      expect(error.message).toMatch(reason);
      expect(error.path).toBe(file);
    }
    expect(() => idxRecords(bytesSource('a', images), undefined, { channels: 2 as never })).toThrow(
      /channels/,
    );
  });
});
