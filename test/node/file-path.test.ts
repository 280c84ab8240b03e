import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import { setBackend } from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InvalidOptionError } from '../../src/errors/index.js';
import { toFileName } from '../../src/node/files/file-path.js';
import {
  checkpointDirectory,
  decodeImage,
  decodePool,
  directory,
  fileSource,
  imageFolder,
  openCIFAR10,
  openIDX,
  openSTL10,
  readCIFAR10,
  readIDX,
  readImageFolder,
  readSTL10,
  webDatasetFiles,
} from '../../src/node/index.js';
import { readRun, recordLosses, saveEvaluation, writeReport } from '../../src/report/index.js';
import { syntheticReport } from '../report/synthetic-report.js';
import { writeNumbered } from './pictures.js';
import { temporaryFolder } from './temporary.js';

const name = 'a folder % # ? ü';
let before = '';
let folder = '';
beforeEach(() => {
  before = process.cwd();
  folder = join(temporaryFolder(), name);
  mkdirSync(folder);
  process.chdir(folder);
});
afterEach(() => process.chdir(before));

/** A path below the folder in every form that is taken. */
const forms = (path: string) => {
  const url = pathToFileURL(join(folder, path));
  const foreign = runInNewContext('new URL(href)', { URL, href: url.href }) as URL;
  return { text: url.href, upper: url.href.replace('file:', 'FILE:'), url, foreign, relative: path };
};

describe.each(['text', 'upper', 'url', 'foreign', 'relative'] as const)('a path as %s', (form) => {
  const at = (path: string) => forms(path)[form];

  it('is where models and checkpoints are saved and loaded', async () => {
    await setBackend('cpu');
    const model = sequential({ layers: [layers.dense({ units: 1, inputShape: [1] })] });
    await model.save(directory(at('model')));
    expect(readdirSync('model').sort()).toEqual(['model.json', 'weights.bin']);
    expect((await directory(at('model')).load()).weightSpecs).toHaveLength(2);
    model.dispose();
    const store = checkpointDirectory(at('checkpoints'));
    expect(store.path).toBe(join(folder, 'checkpoints'));
    await store.writeManifest('{}');
    expect(existsSync(join(folder, 'checkpoints/checkpoints.json'))).toBe(true);
    expect(readdirSync('.').sort()).toEqual(['checkpoints', 'model']);
  });

  it('is where pictures are read', async () => {
    await writeNumbered(folder, ['photos/0.png', 'photos/1.png']);
    expect((await decodeImage(at('photos/1.png'))).data[0]).toBe(1);
    const { paths } = await readImageFolder(at('photos'), { size: 2 });
    expect(paths.map((path) => path.slice(-12))).toEqual(['photos/0.png', 'photos/1.png']);
    expect((await imageFolder(at('photos'), { size: 2 })).paths).toEqual(paths);
    const pool = decodePool({ workers: 1 });
    const [one] = await pool([{ name: String(at('photos/1.png')) }]);
    await pool.close();
    expect(one).toMatchObject({ shape: [8, 8, 3] });
  });

  it('is where files of records are read', async () => {
    writeFileSync('cifar.bin', new Uint8Array(3073));
    writeFileSync('stl.bin', new Uint8Array(27648));
    const idx = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 7, 8);
    writeFileSync('idx', idx);
    writeFileSync('shard.tar', new Uint8Array(1024));
    expect((await readCIFAR10(at('cifar.bin'))).images.shape[0]).toBe(1);
    expect((await openCIFAR10(at('cifar.bin'))).size).toBe(1);
    expect((await readSTL10(at('stl.bin'))).images.shape[0]).toBe(1);
    expect((await openSTL10(at('stl.bin'))).size).toBe(1);
    expect((await readIDX(at('idx'))).images.shape).toEqual([1, 1, 2, 1]);
    expect((await openIDX(at('idx'))).size).toBe(1);
    let bytes = 0;
    for await (const piece of await fileSource(at('idx')).open()) bytes += (piece as Uint8Array).length;
    expect(bytes).toBe(idx.length);
    for await (const _ of webDatasetFiles(at('shard.tar')).open({ epoch: 0, position: 0 })) throw new Error();
  });

  it('is where reports are written', async () => {
    recordLosses(at('run'));
    const evaluation = {
      classNames: ['a'],
      pictures: ['1'],
      labels: [0],
      predictions: { knn: [0], linearProbe: [0] },
    };
    await saveEvaluation(at('run'), evaluation);
    expect(await readRun(at('run'))).toMatchObject({ name: 'run', evaluation });
    await writeReport(at('report.html'), syntheticReport(40, 4, 20));
    expect(readdirSync('.').sort()).toEqual(['report.html', 'run']);
  });
});

describe('toFileName', () => {
  it.each([
    [new URL('https://example.org/model')],
    ['file://another-host/model'],
    ['file:///a%2Fb'],
    [''],
    [5],
    [undefined],
  ])('refuses %s by name', (path) => {
    expect(() => toFileName('directory', 'path', path as never)).toThrow(InvalidOptionError);
    expect(() => directory(path as never)).toThrow(
      /^directory: path must be the name of a file or folder, or a file: URL\. Received: path=/,
    );
  });

  it('leaves names alone that only look like an address', () => {
    for (const path of ['./file:x', 'C:\\photos', 'https:', 'a%20b', '%']) {
      expect(toFileName('directory', 'path', path)).toBe(path);
    }
  });
});
