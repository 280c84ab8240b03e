import { gzipSync } from 'node:zlib';
import {
  idxRecords,
  parseCIFAR10,
  parseCIFAR100,
  parseIDX,
  parseIDXImages,
  parseSTL10,
  tarEntries,
  webDataset,
} from '../../src/data/index.js';
import { unpack } from '../data/fixture-files.js';
import { bytesSource, tarArchive, tarEntry } from '../data/tar-block.js';
import fixture from '../fixtures/data/tar.json' with { type: 'json' };
import { mutate, repairTarChecksum } from './data-mutations.js';
import type { FuzzedParser } from './fuzz.js';

function idx(shape: number[]): Uint8Array {
  const values = shape.reduce((product, size) => product * size, 1);
  const bytes = new Uint8Array(4 + 4 * shape.length + values);
  bytes.set([0, 0, 8, shape.length]);
  for (const [axis, size] of shape.entries()) bytes[7 + 4 * axis] = size;
  return bytes;
}

async function drain(elements: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of elements);
}

const cifar10 = new Uint8Array(2 * 3073).map((_, i) => (i % 3073 === 0 ? 3 : i));
const cifar100 = new Uint8Array(2 * 3074).map((_, i) => (i % 3074 < 2 ? 3 : i));
const stl10 = new Uint8Array(27_648).map((_, i) => i);
const images = idx([3, 4, 5]);
const labels = idx([3]);
const zippedImages = new Uint8Array(gzipSync(images));
const long = 'very-long-name/'.repeat(12);
const archive = tarArchive(
  tarEntry('folder/', '', { type: '5' }),
  tarEntry('folder/1.jpg', 'a picture'),
  tarEntry('folder/1.cls', '7'),
  tarEntry('pax', `${long.length + 15} path=${long}2.jpg\n`, { type: 'x' }),
  tarEntry('2.jpg', 'x'.repeat(700)),
  tarEntry('longlink', `${long}3.jpg\0`, { type: 'L' }),
  tarEntry('3.jpg', 'another'),
);
const sparseArchives = Object.entries(fixture.archives)
  .filter(([name]) => name.startsWith('sparse'))
  .map(([, file]) => unpack(file.archive));
const zippedArchive = new Uint8Array(gzipSync(archive));

const readIDX = (bytes: Uint8Array) =>
  drain(idxRecords(bytesSource('images', bytes, 64), bytesSource('labels', labels)));
const readTar = (bytes: Uint8Array, pieceBytes: number) =>
  drain(webDataset([bytesSource('a.tar', bytes, pieceBytes)], { maxEntryBytes: 2 ** 20 }));

/** The parsers of picture files, by name. Those that decompress are slower and get less. */
export const dataParsers: Record<string, FuzzedParser> = {
  'CIFAR-10': { weight: 20, run: (random) => parseCIFAR10(mutate(cifar10, random)) },
  'CIFAR-100': { weight: 20, run: (random) => parseCIFAR100(mutate(cifar100, random)) },
  'STL-10': {
    weight: 10,
    run: (random) =>
      random.bernoulli(0.5)
        ? parseSTL10(mutate(stl10, random), Uint8Array.of(4))
        : parseSTL10(stl10, mutate(Uint8Array.of(4), random)),
  },
  IDX: { weight: 30, run: (random) => parseIDX(mutate(images, random)) },
  'IDX pair': {
    weight: 10,
    run: (random) =>
      random.bernoulli(0.5)
        ? parseIDXImages(mutate(images, random), labels)
        : parseIDXImages(images, mutate(labels, random)),
  },
  'IDX stream': { weight: 4, run: (random) => readIDX(mutate(images, random)) },
  'IDX gzip': { weight: 1, run: (random) => readIDX(mutate(zippedImages, random)) },
  tar: {
    weight: 8,
    run(random) {
      const bytes = mutate(archive, random);
      // Half get past the checksum, or nothing behind it would ever be reached.
      if (random.bernoulli(0.5)) repairTarChecksum(bytes);
      return readTar(bytes, 200 + random.integer(3000));
    },
  },
  'tar of files with holes': {
    weight: 2,
    run(random) {
      const bytes = mutate(sparseArchives[random.integer(sparseArchives.length)]!, random);
      if (random.bernoulli(0.5)) repairTarChecksum(bytes);
      return drain(tarEntries(bytesSource('a.tar', bytes, 4096), { maxEntryBytes: 2 ** 24 }));
    },
  },
  'tar gzip': { weight: 1, run: (random) => readTar(mutate(zippedArchive, random), 200) },
};
