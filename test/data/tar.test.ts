import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  type ByteSource,
  shuffle,
  type TarEntriesOptions,
  tarEntries,
  webDataset,
} from '../../src/data/index.js';
import { DataError, InvalidOptionError } from '../../src/errors/index.js';
import fixture from '../fixtures/data/tar.json' with { type: 'json' };
import { sha256, unpack } from './fixture-files.js';
import { bytesSource, tarArchive, tarEntry } from './tar-block.js';

async function take<T>(elements: AsyncIterable<T>): Promise<T[]> {
  const taken: T[] = [];
  for await (const element of elements) taken.push(element);
  return taken;
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const read = (bytes: Uint8Array, options?: TarEntriesOptions) =>
  take(tarEntries(bytesSource('a.tar', bytes), options));

async function expectRefused(bytes: Uint8Array, reason: RegExp, options?: TarEntriesOptions): Promise<void> {
  const error = await read(bytes, options).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(DataError);
  expect(error.message).toMatch(/^tarEntries: .*Received: a\.tar/);
  expect(error.message).toMatch(reason);
  expect(error.path).toBe('a.tar');
}

describe('tarEntries', () => {
  it('reads an archive in pieces of any size, compressed or not', async () => {
    const bytes = unpack(fixture.archives['long names, posix'].archive);
    const whole = await read(bytes);
    expect(whole.map(({ name }) => name)).toHaveLength(fixture.archives['long names, posix'].entries.length);
    for (const file of [bytes, new Uint8Array(gzipSync(bytes))]) {
      for (const pieceBytes of [1, 511, 100_000]) {
        const entries = await take(tarEntries(bytesSource('a.tar', file, pieceBytes)));
        expect(entries).toEqual(whole);
        for (const { bytes: content } of entries) expect(content.buffer.byteLength).toBe(content.length);
      }
    }
    const empty = tarArchive(tarEntry('./empty.txt'), tarEntry('after.txt', 'x'));
    expect((await read(empty)).map(({ name, bytes }) => [name, text(bytes)])).toEqual([
      ['empty.txt', ''],
      ['after.txt', 'x'],
    ]);
  });

  it.each(Object.entries(fixture.archives))('reads what GNU tar and Python read: %s', async (_, file) => {
    const archive = unpack(file.archive);
    const whole = await read(archive);
    const found = whole.map(({ name, bytes }) => ({ name, bytes: bytes.length, sha256: sha256(bytes) }));
    const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
    expect(found.sort(byName)).toEqual([...file.entries].sort(byName));
    // Cut off anywhere, it gives some of them or an error of ours, never others.
    for (let part = 0; part < 12; part++) {
      const length = Math.floor((part * archive.length) / 12) + 97;
      try {
        for await (const { name, bytes } of tarEntries(bytesSource('a.tar', archive.subarray(0, length)))) {
          expect(file.entries).toContainEqual({ name, bytes: bytes.length, sha256: sha256(bytes) });
        }
      } catch (error) {
        expect(error).toBeInstanceOf(DataError);
      }
    }
  });

  it('refuses maps of holes that do not fit, and files that are too large with their holes', async () => {
    const entry = (name: keyof typeof fixture.archives) => unpack(fixture.archives[name].archive);
    const old = entry('sparse, old GNU');
    await expectRefused(old, /with "\w+\.bin", which has \d+ bytes \(at most 20000\)/, {
      maxEntryBytes: 20_000,
    });
    for (const name of ['sparse, pax 0.0', 'sparse, pax 0.1', 'sparse, pax 1.0'] as const) {
      await expectRefused(entry(name), /which has \d+ bytes \(at most 20000\)/, { maxEntryBytes: 20_000 });
      const archive = entry(name);
      const text = new TextDecoder('latin1').decode(archive);
      const realsize = text.search(/GNU\.sparse\.(real)?size=\d/) + 'GNU.sparse.'.length;
      const digit = text.indexOf('=', realsize) + 1;
      archive.fill(0x30, digit, text.indexOf('\n', digit)); // 0 bytes, holes included
      await expectRefused(archive, /with "\.?\/?.*few\.bin", whose map of holes does not fit its data/);
    }
    const pax = (records: string) => tarEntry('pax', records, { type: 'x' });
    const record = (key: string, value: string) => {
      const rest = ` ${key}=${value}\n`;
      return `${rest.length + 2}${rest}`;
    };
    const holes = (map: string, size = '9') =>
      tarArchive(pax(record('GNU.sparse.size', size) + record('GNU.sparse.map', map)), tarEntry('a', 'xyz'));
    expect(text((await read(holes('1,2,6,1')))[0]!.bytes)).toBe('\0xy\0\0\0z\0\0');
    for (const map of ['1', '1,2', '1,4', '6,1,1,2', '1,2,2,1', '7,3', '1,-2', '1,2x', '']) {
      await expectRefused(holes(map), /with "a", whose map of holes/);
    }
    await expectRefused(holes('0,3', '-1'), /whose size with its holes/);
    const version = (major: string) =>
      tarArchive(
        pax(record('GNU.sparse.major', major) + record('GNU.sparse.size', '9')),
        tarEntry('a', 'xyz'),
      );
    await expectRefused(version('2'), /with "a", which has holes in the unknown manner 2\.0/);
    await expectRefused(version('1'), /with "a", (whose map of holes|truncated)/);
  });

  it('refuses damaged extended headers and kinds that it does not know, and passes over labels', async () => {
    for (const records of ['x', '5 a=b', '99 a=b\n', '6 a=b\n\n', '0 a=b\n', '6 abc\n', '-6 a=b\n']) {
      await expectRefused(
        tarArchive(tarEntry('pax', records, { type: 'x' }), tarEntry('a', 'x')),
        /extended header/,
      );
    }
    await expectRefused(
      tarArchive(tarEntry('pax', '10 size=x\n', { type: 'x' }), tarEntry('a', 'x')),
      /whose size is not a number/,
    );
    await expectRefused(
      tarArchive(tarEntry('pax', '', { type: 'x', size: 2 ** 24 })),
      /extended header of 16777216/,
    );
    await expectRefused(
      tarArchive(tarEntry('a', 'x', { type: 'A' })),
      /with "a", which is not a plain file \(unknown type "A"\)/,
    );
    await expectRefused(tarArchive(tarEntry('a', 'x', { type: 'M' })), /another volume/);
    expect(await read(tarArchive(tarEntry('label', '', { type: 'V' }), tarEntry('a', 'x')))).toHaveLength(1);
    // What holds for one entry does not hold for the next.
    const entries = await read(
      tarArchive(tarEntry('pax', '10 path=p\n', { type: 'x' }), tarEntry('a', 'x'), tarEntry('b', 'y')),
    );
    expect(entries.map(({ name }) => name)).toEqual(['p', 'b']);
    expect(
      await read(tarArchive(tarEntry('g', '22 mtime=not a number\n', { type: 'g' }), tarEntry('a'))),
    ).toHaveLength(1);
  });

  it('takes streams, passes over folders and joins long names', async () => {
    const bytes = tarArchive(
      tarEntry('folder/', '', { type: '5' }),
      tarEntry('b.txt', 'b', { prefix: 'folder' }),
    );
    const source: ByteSource = { name: 'a.tar', open: async () => new Blob([bytes as BlobPart]).stream() };
    expect((await take(tarEntries(source))).map(({ name }) => name)).toEqual(['folder/b.txt']);
  });

  it('refuses names that lead elsewhere, links and devices', async () => {
    for (const name of ['../a', 'a/../../b', '/etc/passwd', 'C:\\a', '\\\\server\\a', 'a\\..\\b', './../a']) {
      await expectRefused(
        tarArchive(tarEntry('ok', 'x'), tarEntry(name, 'x')),
        /a path that leads|an absolute path/,
      );
    }
    await expectRefused(tarArchive(tarEntry('l', '', { type: '2', linkname: '../x' })), /leads out/);
    await expectRefused(
      tarArchive(tarEntry('l', '', { type: '2', linkname: 'x' })),
      /not a plain file \(symlink\)/,
    );
    await expectRefused(tarArchive(tarEntry('d', '', { type: '3' })), /character-device/);
    expect(await read(tarArchive(tarEntry('a..b', 'x')))).toHaveLength(1);
  });

  it('refuses what is empty, no archive, damaged, cut off or too large', async () => {
    const whole = tarArchive(tarEntry('a', 'x'.repeat(2000)), tarEntry('b', 'y'));
    await expectRefused(new Uint8Array(0), /an empty file/);
    await expectRefused(new Uint8Array(1024).fill(7), /a\.tar, .+\.$/);
    const damaged = whole.slice();
    damaged[3] = 65;
    await expectRefused(damaged, /checksum/i);
    for (const length of [100, 512, 1500, 2560, 3000, whole.length - 1024]) {
      await expectRefused(whole.subarray(0, length), /truncated/);
    }
    // One block of zeros ends it too.
    expect(await read(whole.subarray(0, whole.length - 512))).toHaveLength(2);
    await expectRefused(new Uint8Array([...whole, ...whole]), /continues after its end/);
    const padded = new Uint8Array(10_240);
    padded.set(whole);
    expect(await read(padded)).toHaveLength(2);
    await expectRefused(whole, /"a", which has 2000 bytes \(at most 1999\)/, { maxEntryBytes: 1999 });
    await expectRefused(tarArchive(tarEntry('a', 'x', { size: 2 ** 32 })), /"a", which has 4294967296 bytes/);
    const zipped = new Uint8Array(gzipSync(whole));
    await expectRefused(zipped.subarray(0, 60), /does not decompress/);
    expect(() => read(whole, { maxEntryBytes: 0 })).toThrow(InvalidOptionError);
    await expect(take(tarEntries({} as never))).rejects.toThrow(/a source must be/);
    await expect(take(tarEntries({ name: 'x', open: () => ['no bytes' as never] }))).rejects.toThrow(
      /pieces of bytes/,
    );
  });

  it('closes its source when the loop is left, and passes on the source error', async () => {
    let closed = 0;
    const bytes = tarArchive(...Array.from({ length: 50 }, (_, i) => tarEntry(`${i}`, 'x'.repeat(9000))));
    const source: ByteSource = {
      name: 'a.tar',
      async *open() {
        try {
          for (let i = 0; i < bytes.length; i += 4096) yield bytes.subarray(i, i + 4096);
        } finally {
          closed++;
        }
      },
    };
    for await (const _ of tarEntries(source)) break;
    expect(closed).toBe(1);
    const failing: ByteSource = {
      name: 'a.tar',
      async *open() {
        yield bytes.subarray(0, 4096);
        throw new DataError('the disk is gone', 'a.tar');
      },
    };
    await expect(take(tarEntries(failing))).rejects.toThrow('the disk is gone');
  });
});

describe('webDataset', () => {
  const shard = (name: string, first: number, count: number) =>
    bytesSource(
      name,
      tarArchive(
        ...Array.from({ length: count }, (_, i) => first + i).flatMap((n) => [
          tarEntry(`./train/${n}.jpg`, `picture ${n}`),
          tarEntry(`./train/${n}.cls`, `${n % 4}\n`),
          tarEntry(`./train/${n}.seg.png`, 'mask'),
        ]),
        tarEntry('README', 'no sample'),
        tarEntry('.hidden.jpg', 'no sample'),
      ),
    );
  const shards = [shard('0.tar', 0, 3), shard('1.tar', 3, 4), shard('2.tar', 7, 2)];

  it('groups files by their names up to the first dot', async () => {
    const records = await take(webDataset(shards, { shuffleShards: false }));
    expect(records.map(({ name }) => name).slice(2, 4)).toEqual(['0.tar/train/2', '1.tar/train/3']);
    expect(records.map(({ index, label }) => [index, label])).toEqual(
      Array.from({ length: 9 }, (_, i) => [i, i % 4]),
    );
    expect(text(records[5]!.bytes)).toBe('picture 5');
    expect(Object.keys(records[5]!.files)).toEqual(['jpg', 'cls', 'seg.png']);
  });

  it('reads shards in an order of seed and epoch, and resumes in any of them', async () => {
    const names = async (epoch: number, position = 0) =>
      (await take(webDataset(shards, { seed: 1 }).open({ epoch, position }))).map(({ name }) => name);
    const orders = new Set<string>();
    for (let epoch = 0; epoch < 6; epoch++) {
      const whole = await names(epoch);
      orders.add(whole.map((name) => name[0]).join(''));
      expect(await names(epoch, 4)).toEqual(whole.slice(4));
    }
    expect(orders.size).toBeGreaterThan(2);
    const mixed = await take(shuffle(webDataset(shards), { bufferSize: 5 }));
    expect(new Set(mixed.map(({ name }) => name)).size).toBe(9);
  });

  it('names the sample that has no picture, two of them, or a label that is none', async () => {
    const refused = async (...entries: Uint8Array[]) =>
      take(webDataset([bytesSource('a.tar', tarArchive(...entries))])).catch((error) => error);
    const jpg = tarEntry('7.jpg', 'x');
    for (const [entries, reason] of [
      [[tarEntry('7.cls', '1')], /a\.tar\/7 with 0 pictures \(files: \.cls\)/],
      [[jpg, tarEntry('7.png', 'x')], /a\.tar\/7 with 2 pictures/],
      [[jpg, jpg], /a\.tar\/7 with two files ending in \.jpg/],
      [[jpg, tarEntry('7.cls', 'cat')], /a\.tar\/7 with the label "cat"/],
      [[jpg, tarEntry('7.cls', '-1')], /the label "-1"/],
      [[jpg, tarEntry('7.cls', '')], /the label ""/],
      [[jpg, tarEntry('7.cls', '1'.repeat(100))], /the label "1/],
    ] as const) {
      const error = await refused(...entries);
      expect(error).toBeInstanceOf(DataError);
      expect(error.message).toMatch(reason);
      expect(error.path).toBe('a.tar/7');
    }
  });

  it('takes endings in any case', async () => {
    const archive = tarArchive(tarEntry('1.JPG', 'a'), tarEntry('1.Class', '7'), tarEntry('2.jfif', 'b'));
    const records = await take(webDataset([bytesSource('a.tar', archive)], { labelExtension: 'Class' }));
    expect(records.map(({ bytes, label }) => [text(bytes), label])).toEqual([
      ['a', 7],
      ['b', undefined],
    ]);
    const named = await take(
      webDataset([bytesSource('a.tar', archive)], { imageExtensions: ['JPG', 'Jfif'] }),
    );
    expect(named).toHaveLength(2);
  });

  it('refuses options outside their domain', () => {
    expect(() => webDataset([])).toThrow(/at least one source/);
    expect(() => webDataset(shards, { seed: -1 })).toThrow(/seed/);
    expect(() => webDataset(shards, { maxEntryBytes: 0 })).toThrow(/maxEntryBytes/);
  });
});
