import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { tarArchive, tarEntry } from '../data/tar-block.js';
import { execute } from '../package/packed.js';
import { installInto } from './install-into.js';

/** A folder of its own: nothing else needs Jest. */
const folder = join(inject('workshop'), 'jest');

beforeAll(async () => {
  await installInto(folder, { jest: '^29.7.0' }, inject('tarball'));
  const archive = tarArchive(tarEntry('1.jpg', 'a picture'), tarEntry('1.cls', '7'));
  await writeFile(join(folder, '1.tar'), archive);
  await writeFile(join(folder, 'jest.config.json'), JSON.stringify({ testMatch: ['**/*.test.cjs'] }));
  await writeFile(
    join(folder, 'library.test.cjs'),
    `const { webDatasetFiles, imageFolder, decodeImage } = require('simclr-ts/node');
     const { mkdirSync } = require('node:fs');
     const sharp = require('sharp');

     test('reads a WebDataset', async () => {
       const records = [];
       for await (const { name, label } of webDatasetFiles('1.tar')) records.push([name, label]);
       expect(records).toEqual([['1.tar/1', 7]]);
     });

     test('decodes pictures', async () => {
       const create = { width: 4, height: 4, channels: 3, background: { r: 1, g: 2, b: 3 } };
       mkdirSync('pictures', { recursive: true });
       await sharp({ create }).png().toFile('pictures/1.png');
       const { data } = await decodeImage('pictures/1.png');
       expect([...data].slice(0, 3)).toEqual([1, 2, 3]);
       expect((await imageFolder('pictures', { size: 4 })).size).toBe(1);
     });

     test('computes', async () => {
       const tf = require('@tensorflow/tfjs-core');
       require('simclr-ts/wasm');
       await tf.setBackend('wasm');
       const { ntXentLoss } = require('simclr-ts');
       const z = tf.tensor2d([[1, 0], [0, 1]]);
       expect(Number.isFinite((await ntXentLoss(z, z).data())[0])).toBe(true);
     });`,
  );
});

describe('Jest, which loads CommonJS only', () => {
  it('runs what the library does in Node', async () => {
    const { stderr } = await execute('npx', ['jest', '--ci', '--config', 'jest.config.json'], folder);
    expect(stderr).toMatch(/Tests: +3 passed, 3 total/);
  });
});
