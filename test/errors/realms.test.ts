import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import { imageStream, knnClassifier, linearProbe, lossFromConfig, selectLabeled, stream } from 'simclr-ts';
import { DataError, SimCLRError } from 'simclr-ts/errors';
import { stateDict, writeSafetensors } from 'simclr-ts/interop';
import * as models from 'simclr-ts/models';
import { checkpointDirectory, decodeImage, directory, fileSource } from 'simclr-ts/node';
import { writeReport } from 'simclr-ts/report';
import { describe, expect, it } from 'vitest';
import { isError, messageOf } from '../../src/errors/is-error.js';
import { temporaryFolder } from '../node/temporary.js';

/** Evaluated in a realm of its own: its arrays, errors and URLs are of other classes than those here. */
const foreign = <T>(code: string): T => runInNewContext(code) as T;
/** What another copy of the package, or the other module system, throws. */
const foreignError = (name: string, message = 'broken') =>
  foreign<Error>(
    `Object.assign(new Error(${JSON.stringify(message)}), { name: ${JSON.stringify(name)}, path: 'a.png' })`,
  );

describe('isError', () => {
  it('knows the kind by its name, whoever made it', () => {
    const error = foreignError('DataError');
    expect(error instanceof Error).toBe(false);
    expect(isError(error, 'DataError')).toBe(true);
    expect(isError(error, 'SimCLRError')).toBe(true);
    expect(isError(error, 'CheckpointError')).toBe(false);
    expect(isError(foreignError('BackendLostError'), 'BackendError')).toBe(true);
    expect(isError(foreignError('BackendError'), 'BackendLostError')).toBe(false);
    expect(isError(foreignError('TypeError'), 'SimCLRError')).toBe(false);
    expect([undefined, null, 5, 'DataError', {}].some((value) => isError(value, 'SimCLRError'))).toBe(false);
  });

  it("knows a user's subclass by its class", () => {
    class TornPage extends DataError {
      override name = 'TornPage' as never;
    }
    expect(isError(new TornPage('torn'), 'DataError')).toBe(true);
    expect(isError(new TornPage('torn'), 'ShapeError')).toBe(false);
    expect(isError(new DataError('torn'), 'DataError')).toBe(true);
    expect(isError(new SimCLRError('torn'), 'DataError')).toBe(false);
  });

  it('gives the message of whatever was thrown', () => {
    expect(messageOf(foreignError('DataError', 'no room'))).toBe('no room');
    expect(messageOf('no room')).toBe('no room');
    expect(messageOf(undefined)).toBe('undefined');
  });
});

describe('values of another realm', () => {
  const data = foreign<Float32Array>('Float32Array.of(1, 2, 3, 5, 4, 9, 7, 7)');
  const embeddings = { data, shape: [4, 2] as const };
  const labels = foreign<Int32Array>('Int32Array.of(0, 1, 0, 1)');

  it('are taken for embeddings and labels', async () => {
    expect(data instanceof Float32Array).toBe(false);
    const neighbors = await knnClassifier({ embeddings, labels }, { neighbors: 1 });
    expect([...(await neighbors.predict(embeddings))]).toEqual([0, 1, 0, 1]);
    expect((await linearProbe({ embeddings, labels })).classes).toBe(2);
    expect(selectLabeled(labels, { perClass: 1 })).toHaveLength(2);
  });

  it('are taken for options and lists', () => {
    const options = foreign<object>(
      '({ inputShape: [8, 8, 3], width: 2, stem: { kernelSize: 3, strides: 1, pool: false } })',
    );
    models.resnet18(options).dispose();
    expect(() => models.resnet18(foreign<object>('({ widht: 2 })'))).toThrow(/did you mean width\?/);
    lossFromConfig(foreign("({ name: 'dcl', temperature: 0.2 })"), foreign('({ dim: 4 })')).dispose?.();
  });

  it('are written as tensors', async () => {
    const tensors = foreign<Map<string, never>>(
      "new Map([['a', { shape: [2], data: Float32Array.of(1, 2) }]])",
    );
    expect((await writeSafetensors(tensors)).byteLength).toBeGreaterThan(8);
    const encoder = models.resnet18({ inputShape: [8, 8, 3], width: 2, stem: 'small' });
    expect((await stateDict(encoder)).size).toBeGreaterThan(10);
    encoder.dispose();
  });

  it('a failed picture of another copy of the decoder is left out, and not stacked as a picture', async () => {
    const gray = (value: number) => ({
      data: new Uint8Array(12).fill(value),
      shape: [2, 2, 3] as [number, number, number],
    });
    const records = stream(['a.png', 'b.png', 'c.png'].map((name) => ({ name })));
    const dataset = imageStream(records, {
      decode: async (pictures) =>
        pictures.map(({ name }, i) => (name === 'a.png' ? (foreignError('DataError') as never) : gray(i))),
    });
    const batches = [];
    for await (const batch of dataset({
      epoch: 0,
      seed: 0,
      shuffle: false,
      batchSize: 3,
      dropRemainder: true,
      startBatch: 0,
    })) {
      batches.push(batch);
    }
    expect(batches).toHaveLength(1);
    expect(batches[0]!.images.shape[0]).toBe(2);
    expect(dataset.skipped).toEqual([{ path: 'a.png', reason: 'broken' }]);
  });
});

describe('URLs of another realm', () => {
  const url = (path: string): URL =>
    runInNewContext('({ href, protocol: "file:", toString() { return href; } })', {
      href: pathToFileURL(path).href,
    }) as URL;

  it('name files and folders', async () => {
    const folder = temporaryFolder();
    const picture = join(folder, 'no-picture.png');
    await writeFile(picture, 'text');
    await expect(decodeImage(url(picture))).rejects.toThrow(/no-picture\.png/);
    expect(fileSource(url(picture)).name).toMatch(/no-picture\.png$/);
    await expect(directory(url(folder)).load()).rejects.toThrow(folder);
    expect(await checkpointDirectory(url(join(folder, 'run'))).names()).toEqual([]);
    expect(await writeReport(url(join(folder, 'report.html')), { title: 'test' })).toBe(
      join(folder, 'report.html'),
    );
  });
});
