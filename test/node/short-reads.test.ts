import { writeFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { imageBatches, tarEntries } from '../../src/data/index.js';
import {
  fileSource,
  idxFileRecords,
  openCIFAR10,
  openIDX,
  readCIFAR10,
  readIDX,
} from '../../src/node/index.js';
import { tarArchive, tarEntry } from '../data/tar-block.js';
import { temporaryFolder } from './temporary.js';

/** Reads give this many bytes at most, as those of network file systems may. */
const most = 7;
let shortReads = 0;

vi.mock('node:fs/promises', async (original) => {
  const actual = await original<typeof import('node:fs/promises')>();
  return {
    ...actual,
    async open(...args: Parameters<typeof actual.open>): Promise<FileHandle> {
      const file = await actual.open(...args);
      const read = file.read.bind(file) as (...args: unknown[]) => Promise<{ bytesRead: number }>;
      return Object.assign(file, {
        read: (buffer: Uint8Array, offset: number, length: number, position: number) => {
          if (length > most) shortReads++;
          return read(buffer, offset, Math.min(most, length), position);
        },
      });
    },
  };
});

it('takes one read that gives less than asked for no truncated file', async () => {
  const folder = temporaryFolder();
  const file = (name: string, bytes: Uint8Array) => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  const cifar = file(
    'cifar.bin',
    Uint8Array.from({ length: 3 * 3073 }, (_, i) => (i % 3073 === 0 ? 4 : i)),
  );
  const idx = file(
    'images',
    Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 3, ...Array(18).keys()),
  );
  const tar = file('a.tar', tarArchive(tarEntry('a', 'x'.repeat(1000)), tarEntry('b', 'y')));

  const names: string[] = [];
  for await (const { name, bytes } of tarEntries(fileSource(tar))) names.push(`${name} ${bytes.length}`);
  expect(names).toEqual(['a 1000', 'b 1']);
  for await (const { image } of idxFileRecords(idx)) expect(image!.data).toHaveLength(9);
  expect((await readIDX(idx)).images.shape).toEqual([2, 3, 3, 1]);
  expect((await readCIFAR10(cifar)).images.shape).toEqual([3, 32, 32, 3]);
  for (const dataset of [await openIDX(idx), await openCIFAR10(cifar)]) {
    let count = 0;
    for await (const { images } of imageBatches(dataset, { batchSize: 2 })) {
      count += images.shape[0];
      images.dispose();
    }
    expect(count).toBe(2);
  }
  expect(shortReads).toBeGreaterThan(100);
});
