import { describe, expect, it } from 'vitest';
import {
  batchesPerEpoch,
  cache,
  type DecodePictures,
  type ImageDataset,
  type ImageRecord,
  imageBatches,
  imageStream,
  indexedImages,
  type Picture,
  shuffle,
} from '../../src/data/index.js';
import { DataError, InvalidOptionError } from '../../src/errors/index.js';
import { expectTensors } from '../helpers/leaks.js';

/** One gray value, its number. */
const picture = (value: number, side = 2): Picture => ({
  data: new Uint8Array(side * side).fill(value),
  shape: [side, side, 1],
});

const decoded = (count: number): ImageRecord[] =>
  Array.from({ length: count }, (_, i) => ({ name: `${i}.png`, index: i, image: picture(i), label: i % 3 }));

const encoded = (count: number): ImageRecord[] =>
  Array.from({ length: count }, (_, i) => ({ name: `${i}.png`, index: i, bytes: Uint8Array.of(i) }));

/** "Decodes" a byte to a picture of that value; bytes of `bad` are no picture. */
function fakeDecoder(bad: number[] = []) {
  const asked: string[] = [];
  const decode: DecodePictures = async (pictures) =>
    pictures.map(({ name, bytes }) => {
      asked.push(name);
      const value = bytes![0]!;
      return bad.includes(value) ? new DataError(`${name} is damaged`, name) : picture(value);
    });
  return { decode, asked };
}

async function indicesOf(dataset: ImageDataset, options: Partial<Parameters<typeof imageBatches>[1]> = {}) {
  const seen: number[][] = [];
  const places: number[] = [];
  for await (const batch of imageBatches(dataset, { batchSize: 3, ...options })) {
    const values = await batch.images.data();
    const perPicture = values.length / batch.indices.length;
    for (const [row, index] of batch.indices.entries()) {
      expect(Math.round(values[row * perPicture]! * 255)).toBe(index);
    }
    seen.push([...batch.indices]);
    places.push(batch.number);
    batch.images.dispose();
  }
  return { seen, places };
}

describe('imageStream', () => {
  it('gives batches with labels, and the same remaining ones from any batch on', async () => {
    const dataset = imageStream(shuffle(decoded(11), { bufferSize: 6, seed: 2 }));
    await expectTensors(0, async () => {
      const whole = await indicesOf(dataset, { dropRemainder: false, epoch: 1 });
      expect(whole.seen.flat().sort((a, b) => a - b)).toEqual(decoded(11).map(({ index }) => index));
      expect(whole.places).toEqual([0, 1, 2, 3]);
      for (let startBatch = 0; startBatch < 4; startBatch++) {
        const rest = await indicesOf(dataset, { dropRemainder: false, epoch: 1, startBatch });
        expect(rest.seen).toEqual(whole.seen.slice(startBatch));
        expect(rest.places).toEqual(whole.places.slice(startBatch));
      }
    });
    expect(dataset.size).toBe(11);
    expect(batchesPerEpoch(dataset, { batchSize: 3 })).toBe(3);
    for await (const { images, indices, labels } of imageBatches(dataset, { batchSize: 3 })) {
      expect([...labels!]).toEqual([...indices].map((index) => index % 3));
      images.dispose();
    }
  });

  it('reaches a position without decoding what comes before', async () => {
    const { decode, asked } = fakeDecoder();
    await indicesOf(imageStream(encoded(9), { decode }), { startBatch: 2 });
    expect(asked).toEqual(['6.png', '7.png', '8.png']);
  });

  it('leaves damaged pictures out, moves no other, and says which', async () => {
    const { decode } = fakeDecoder([1, 3, 4, 6, 7, 8]);
    const dataset = imageStream(encoded(12), { decode });
    const { seen, places } = await indicesOf(dataset);
    // Of the second batch one is left, of the third none: contrast needs two.
    expect(seen).toEqual([
      [0, 2],
      [9, 10, 11],
    ]);
    expect(places).toEqual([0, 3]);
    expect(dataset.skipped.map(({ path }) => path)).toEqual([1, 3, 4, 6, 7, 8].map((i) => `${i}.png`));
    expect(dataset.skipped[0]!.reason).toBe('1.png is damaged');
    // The place after the first batch that was given is where a resumed run begins.
    expect((await indicesOf(dataset, { startBatch: places[0]! + 1 })).seen).toEqual([[9, 10, 11]]);
  });

  it('throws on a damaged picture when asked to, and when none is whole', async () => {
    const { decode } = fakeDecoder([0, 1, 2, 3]);
    await expect(indicesOf(imageStream(encoded(4), { decode, onError: 'throw' }))).rejects.toThrow(
      '0.png is damaged',
    );
    await expect(indicesOf(imageStream(encoded(4), { decode }))).rejects.toThrow(
      /at least one batch of whole pictures.*3 that do not decode.*0\.png is damaged/,
    );
  });

  it('names the picture of another size or kind, without a label, or with one out of range', async () => {
    const mixed = decoded(3);
    mixed[1] = { name: 'large.png', image: picture(1, 3) };
    const error = await indicesOf(imageStream(mixed)).catch((reason) => reason);
    expect(error).toBeInstanceOf(DataError);
    expect(error.path).toBe('large.png');
    expect(error.message).toMatch(
      /one size and kind.*large\.png of \[3,3,1\] bytes, 0\.png of \[2,2,1\] bytes/,
    );

    mixed[1] = { name: 'floats', image: { data: new Float32Array(4), shape: [2, 2, 1] } };
    await expect(indicesOf(imageStream(mixed))).rejects.toThrow(/floats of \[2,2,1\] float32/);

    mixed[1] = { name: 'short', image: { data: new Uint8Array(3), shape: [2, 2, 1] } };
    await expect(indicesOf(imageStream(mixed))).rejects.toThrow(
      /Received: short with shape \[2, 2, 1\] and 3 values/,
    );

    const labelled = decoded(3);
    await expect(indicesOf(imageStream(labelled, { classes: 2 }))).rejects.toThrow(
      /from 0 to 1, one per picture\. Received: 2\.png with label 2/,
    );
    labelled[0] = { name: 'none.png', image: picture(0) };
    await expect(indicesOf(imageStream(labelled, { classes: 3 }))).rejects.toThrow(/none\.png with none/);
    expect((await indicesOf(imageStream(labelled))).seen).toEqual([[0, 1, 2]]);
    await expect(indicesOf(imageStream(encoded(3)))).rejects.toThrow(/0\.png without image/);
  });

  it('works while the consumer does, and stops when it stops', async () => {
    let aborted = 0;
    const asked: number[] = [];
    const decode: DecodePictures = async (pictures, signal) => {
      asked.push(pictures.length);
      if (asked.length > 1) {
        // Waits forever, unless it is told that nobody waits for it.
        await new Promise<void>((_, reject) => {
          signal!.addEventListener('abort', () => {
            aborted++;
            reject(new Error('given up'));
          });
        });
      }
      return pictures.map(({ bytes }) => picture(bytes![0]!));
    };
    const dataset = imageStream(encoded(30), { decode, prefetch: 3 });
    for await (const { images } of imageBatches(dataset, { batchSize: 3 })) {
      images.dispose();
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(asked).toEqual([3, 3, 3, 3]); // three ahead of the one in use
      break;
    }
    expect(aborted).toBe(3);
  });

  it('refuses options outside their domain', () => {
    expect(() => imageStream([], { prefetch: 0 })).toThrow(/prefetch/);
    expect(() => imageStream([], { onError: 'warn' as never })).toThrow(/onError/);
    expect(() => imageStream([], { classes: 0 })).toThrow(/classes/);
    expect(() => imageStream(3 as never)).toThrow(InvalidOptionError);
  });
});

describe('cache', () => {
  it('spares later epochs the decoding of as many pictures as fit', async () => {
    const { decode, asked } = fakeDecoder();
    const memory = cache({ maxBytes: 4 * 4 + 3 });
    const dataset = imageStream(encoded(6), { decode, cache: memory });
    await indicesOf(dataset);
    expect(memory).toMatchObject({ count: 4, bytes: 16 });
    asked.length = 0;
    const { seen } = await indicesOf(dataset, { epoch: 1 });
    expect(seen).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(asked).toEqual(['4.png', '5.png']);
    memory.clear();
    expect(memory).toMatchObject({ count: 0, bytes: 0 });
  });

  it('never gives a picture the label of another: what is cached must have a name', async () => {
    // In every epoch another order: a place in the epoch says nothing about the picture.
    const records = Array.from({ length: 6 }, (_, i) => ({ bytes: Uint8Array.of(i), label: i }));
    const shuffled = (input: ImageRecord[]) => shuffle(input, { bufferSize: 6, seed: 1 });
    const labelsFit = async (input: ImageRecord[], options: Parameters<typeof imageStream>[1]) => {
      const dataset = imageStream(shuffled(input), options);
      for (let epoch = 0; epoch < 3; epoch++) {
        for await (const { images, labels } of imageBatches(dataset, { batchSize: 3, epoch })) {
          const values = await images.data();
          for (const [row, label] of labels!.entries())
            expect(Math.round(values[4 * row]! * 255)).toBe(label);
          images.dispose();
        }
      }
    };
    const { decode } = fakeDecoder();
    const memory = cache({ maxBytes: 100 });
    const error = await labelsFit(records, { decode, cache: memory }).catch((reason) => reason);
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toMatch(/^imageStream: with a cache every record.* must have a name.*Received: /);
    // An index alone will not do either: that of a WebDataset counts the shards in the order of the epoch.
    const numbered = records.map((record, index) => ({ ...record, index }));
    await expect(labelsFit(numbered, { decode, cache: memory })).rejects.toThrow(/must have a name/);
    expect(memory.count).toBe(0);

    await labelsFit(
      records.map((record) => ({ ...record, name: `${record.label}` })),
      { decode, cache: memory },
    );
    expect(memory.count).toBe(6);
    // Neither decoding nor cache: nothing is known by a name.
    await labelsFit(records, { decode });
    await labelsFit(
      records.map(({ label }) => ({ label, image: picture(label) })),
      { cache: memory },
    );
  });

  it('says of a nameless picture that is damaged in which epoch it had its place', async () => {
    const { decode } = fakeDecoder([2]);
    const records = Array.from({ length: 6 }, (_, i) => ({ bytes: Uint8Array.of(i) }));
    const dataset = imageStream(shuffle(records, { bufferSize: 6, seed: 1 }), { decode });
    for (let epoch = 0; epoch < 2; epoch++) {
      for await (const { images } of imageBatches(dataset, { batchSize: 3, epoch })) images.dispose();
    }
    expect(dataset.skipped.map(({ path }) => path)).toEqual([
      expect.stringMatching(/^picture \d of epoch 0$/),
      expect.stringMatching(/^picture \d of epoch 1$/),
    ]);
  });

  it('keeps no more memory than the pictures', () => {
    const memory = cache({ maxBytes: 100 });
    const large = new Uint8Array(1000);
    expect(memory.set('a', { data: large.subarray(4, 8), shape: [2, 2, 1] })).toBe(true);
    expect(memory.get('a')!.data.buffer.byteLength).toBe(4);
    expect(memory.set('b', { data: large, shape: [10, 10, 10] })).toBe(false);
    expect(() => cache({ maxBytes: 0 })).toThrow(/maxBytes/);
  });
});

describe('indexedImages', () => {
  const dataset = indexedImages({
    size: 10,
    async read(indices) {
      const data = Uint8Array.from(indices, (index) => index);
      return { images: { data, shape: [indices.length, 1, 1, 1] }, indices };
    },
  });

  it('gives all in the order of pictures in memory, and resumes', async () => {
    const inMemory = { data: Uint8Array.from({ length: 10 }, (_, i) => i), shape: [10, 1, 1, 1] as const };
    for (const options of [{}, { epoch: 2, seed: 3 }, { shuffle: false }, { startBatch: 2 }]) {
      const all = { dropRemainder: false, ...options };
      expect(await indicesOf(dataset, all)).toEqual(await indicesOf(inMemory, all));
    }
    expect([dataset.size, dataset.seekable]).toEqual([10, true]);
  });

  it('closes when a pass ends, also early and by an error', async () => {
    let closed = 0;
    const make = (fail: boolean) =>
      indexedImages({
        size: 10,
        async read(indices) {
          if (fail) throw new DataError('no disk');
          return { images: { data: new Uint8Array(indices.length), shape: [indices.length, 1, 1, 1] } };
        },
        close: () => {
          closed++;
        },
      });
    for await (const { images } of imageBatches(make(false), { batchSize: 2 })) images.dispose();
    expect(closed).toBe(1);
    for await (const { images } of imageBatches(make(false), { batchSize: 2 })) {
      images.dispose();
      break;
    }
    expect(closed).toBe(2);
    await expect(imageBatches(make(true), { batchSize: 2 }).next()).rejects.toThrow('no disk');
    expect(closed).toBe(3);
  });

  it('refuses what has no size or reader, and fewer pictures than a batch', async () => {
    expect(() => indexedImages({} as never)).toThrow(/a size and a function read/);
    expect(() => indexedImages({ size: 0, read: async () => undefined })).toThrow(/size/);
    expect(() => indexedImages({ size: 1, read: async () => undefined }, { prefetch: 0 })).toThrow(
      /prefetch/,
    );
    await expect(imageBatches(dataset, { batchSize: 11 }).next()).rejects.toThrow(
      /10 pictures, batchSize=11/,
    );
  });
});

describe('imageBatches of sources that say more', () => {
  const images = { data: new Uint8Array(2), shape: [2, 1, 1, 1] as const };
  const first = (extra: object) => imageBatches([{ images, ...extra }], { batchSize: 2 }).next();

  it('refuses labels and numbers that are none', async () => {
    await expect(first({ labels: [1] })).rejects.toThrow(/batch.labels must be 2 integers/);
    await expect(first({ labels: [0, 0.5] })).rejects.toThrow(/batch.labels/);
    await expect(first({ number: -1 })).rejects.toThrow(/batch.number/);
  });
});
