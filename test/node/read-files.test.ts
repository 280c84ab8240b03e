import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parseCIFAR10, parseCIFAR100, parseSTL10 } from '../../src/data/index.js';
import { DataError, InvalidOptionError } from '../../src/errors/index.js';
import { readCIFAR10, readCIFAR100, readIDX, readSTL10 } from '../../src/node/index.js';
import { unpack } from '../data/fixture-files.js';
import fixture from '../fixtures/data/files.json' with { type: 'json' };
import { temporaryFolder } from './temporary.js';

const cifar10 = unpack(fixture.cifar10);
const cifar100 = unpack(fixture.cifar100);
const stl10 = unpack(fixture.stl10.images);
const stl10Labels = Uint8Array.from(fixture.stl10.labels);
const idx = unpack(fixture.idx.images);
const idxLabels = unpack(fixture.idx.labels);

function write(files: Record<string, Uint8Array>): (name: string) => string {
  const folder = temporaryFolder();
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  return (name) => join(folder, name);
}

describe('readers of files', () => {
  it('give what the parsers give', async () => {
    const at = write({ cifar10, cifar100, stl10, stl10Labels, idx, idxLabels: gzipSync(idxLabels) });
    expect(await readCIFAR10(at('cifar10'))).toEqual(parseCIFAR10(cifar10));
    expect(await readCIFAR100(at('cifar100'))).toEqual(parseCIFAR100(cifar100));
    expect(await readSTL10(at('stl10'), at('stl10Labels'))).toEqual(parseSTL10(stl10, stl10Labels));
    expect(await readSTL10(at('stl10'))).toEqual(parseSTL10(stl10));
    const labeled = await readIDX(at('idx'), at('idxLabels'));
    expect([...labeled.labels]).toEqual(fixture.idx.readLabels);
    expect((await readIDX(at('idx'), undefined, { channels: 3 })).images.shape).toEqual([3, 5, 4, 3]);
  });

  it('join the files of CIFAR-10', async () => {
    const at = write({ one: cifar10, two: cifar10.subarray(0, 3073) });
    const { images, labels } = await readCIFAR10([at('one'), at('two')]);
    expect(images.shape).toEqual([4, 32, 32, 3]);
    expect([...labels]).toEqual([3, 0, 9, 3]);
  });

  it('read the beginning of STL-10', async () => {
    const at = write({ stl10, stl10Labels });
    const { images, labels } = await readSTL10(at('stl10'), at('stl10Labels'), { limit: 1 });
    expect(images).toEqual(parseSTL10(stl10.subarray(0, 27648)).images);
    expect([...labels]).toEqual([9]);
    await expect(readSTL10(at('stl10'), undefined, { limit: 0 })).rejects.toThrow(InvalidOptionError);
  });

  it('name of two files the one that is damaged', async () => {
    const at = write({ idx, torn: idxLabels.subarray(0, 9), other: Uint8Array.of(1, 2, 3, 4) });
    for (const [images, labels, damaged] of [
      ['idx', 'torn', 'torn'],
      ['other', 'idx', 'other'],
    ] as const) {
      const error = await readIDX(at(images), at(labels)).catch((reason) => reason);
      expect(error).toBeInstanceOf(DataError);
      expect(error.path).toBe(at(damaged));
      expect(error.message).toMatch(/^readIDX: .*(images|labels) /);
    }
  });

  it('name the file that is missing or damaged', async () => {
    const at = write({ cut: stl10.subarray(0, 100), cifar10, stl10, stl10Labels: Uint8Array.of(0, 11), idx });
    const cases: [() => Promise<unknown>, string, RegExp][] = [
      [() => readCIFAR10(at('none')), 'none', /ENOENT/],
      [() => readCIFAR10([at('cifar10'), at('cut')]), 'cut', /3073 bytes/],
      [() => readCIFAR100(at('cifar10')), 'cifar10', /3074 bytes/],
      [() => readSTL10(at('cut')), 'cut', /27648 bytes/],
      [() => readSTL10(at('stl10'), at('stl10Labels')), 'stl10Labels', /labels must be from 1 to 10/],
      [() => readSTL10(at('stl10'), at('none')), 'none', /ENOENT/],
      [() => readIDX(at('cifar10')), 'cifar10', /must start with 00 00/],
      [() => readIDX(at('idx'), at('none')), 'none', /ENOENT/],
    ];
    for (const [read, name, message] of cases) {
      const error: DataError = await read().then(
        () => undefined,
        (reason) => reason,
      );
      expect(error, name).toBeInstanceOf(DataError);
      expect(error.path).toBe(at(name));
      expect(error.message).toMatch(message);
      expect(error.message.split(at(name))).toHaveLength(2); // named once
    }
    await expect(readIDX(at('idx'), at('idx'))).rejects.toThrow(/labels must have shape \[3\].* File: /);
  });
});
