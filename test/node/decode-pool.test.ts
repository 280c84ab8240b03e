import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { EncodedPicture, Picture } from '../../src/data/index.js';
import { DataError, InvalidOptionError, SimCLRError } from '../../src/errors/index.js';
import { decodeImage, decodePool } from '../../src/node/index.js';
import { everyDamage, everyKind, plain, writeNumbered } from './pictures.js';
import { programArguments } from './program.js';
import { temporaryFolder } from './temporary.js';

/** Threads begun since the test began. */
let begun: Worker[] = [];
const note = (worker: Worker) => begun.push(worker);
beforeEach(() => {
  begun = [];
  process.on('worker', note);
});
afterEach(() => {
  process.off('worker', note);
});

function newPool(options: Parameters<typeof decodePool>[0]) {
  const pool = decodePool(options);
  onTestFinished(() => pool.close());
  return pool;
}

const red = (result: Picture | DataError) => ('data' in result ? result.data[0] : result.message);

describe('decodePool', () => {
  it('decodes every kind of file as decodeImage does, from names and from bytes', async () => {
    const folder = temporaryFolder();
    for (const options of [
      {},
      { size: [12, 20] as const, fit: 'contain' as const, background: [1, 2, 3] as const },
    ]) {
      const decode = newPool({ ...options, workers: 2 });
      const pictures: EncodedPicture[] = [];
      const expected: Picture[] = [];
      for (const [name, bytes] of Object.entries(await everyKind())) {
        const path = join(folder, name);
        writeFileSync(path, bytes);
        pictures.push({ name: path }, { name, bytes });
        const { data, shape } = await decodeImage(bytes, options);
        expected.push({ data, shape }, { data, shape });
      }
      expect(await decode(pictures)).toEqual(expected);
    }
  });

  it('leaves the bytes that it is given alone, and takes a part of a larger buffer', async () => {
    const png = new Uint8Array(await plain(77).png().toBuffer());
    const large = new Uint8Array(png.length + 100);
    large.set(png, 50);
    const part = large.subarray(50, 50 + png.length);
    const [own, inPart] = await newPool({})([
      { name: 'own', bytes: png },
      { name: 'part', bytes: part },
    ]);
    expect([red(own!), red(inPart!)]).toEqual([77, 77]);
    expect(png.length).toBeGreaterThan(0);
    expect(part.length).toBe(png.length);
  });

  it('names the file that is missing, damaged or huge, and decodes the others', async () => {
    const folder = temporaryFolder();
    const decode = newPool({ size: 4, workers: 1, maxPixels: 50_000 });
    const damaged = { ...(await everyDamage()), 'huge.png': await plain(5, 500, 101).png().toBuffer() };
    const names = Object.keys(damaged).map((name) => join(folder, name));
    for (const [i, bytes] of Object.values(damaged).entries()) writeFileSync(names[i]!, bytes);
    const [good] = await writeNumbered(folder, ['good.png']);
    const missing = join(folder, 'none.png');
    const results = await decode([...names, missing, good!].map((name) => ({ name })));
    for (const [i, name] of [...names, missing].entries()) {
      const error = results[i] as DataError;
      expect(error).toBeInstanceOf(DataError);
      expect(error.path).toBe(name);
      // The very error of decodeImage, but for the caller.
      const own = await decodeImage(name, { maxPixels: 50_000 }).catch((reason) => reason);
      expect(error.message).toBe(own.message.replace('decodeImage', 'decodePool'));
    }
    expect((results[names.length - 1] as DataError).message).toMatch(/exceeds pixel limit/);
    expect((results[names.length] as DataError).message).toMatch(/no such file or directory \(ENOENT\)/);
    expect(red(results.at(-1)!)).toBe(0);
  });

  it('replaces a thread that dies, and loses no picture', async () => {
    const paths = await writeNumbered(
      temporaryFolder(),
      Array.from({ length: 20 }, (_, i) => `${i}.png`),
    );
    const decode = newPool({ size: 4, workers: 1 });
    await decode([{ name: paths[0]! }]);
    const results = [decode(paths.map((name) => ({ name }))), decode([{ name: paths[7]! }])];
    await begun[0]!.terminate();
    const [all, seventh] = await Promise.all(results);
    expect(all!.map(red)).toEqual(paths.map((_, i) => i));
    expect(seventh!.map(red)).toEqual([7]);
    expect(begun).toHaveLength(2);
  });

  it('names the picture whose thread dies twice, and continues', async () => {
    const paths = await writeNumbered(temporaryFolder(), ['0.png', '1.png']);
    const decode = newPool({ size: 4, workers: 1 });
    let kills = 2;
    const kill = (worker: Worker) => {
      if (kills-- > 0) void worker.terminate();
    };
    process.on('worker', kill);
    try {
      const [error] = await decode([{ name: paths[0]! }]);
      expect(error).toBeInstanceOf(DataError);
      expect((error as DataError).path).toBe(paths[0]);
      expect((error as DataError).message).toMatch(/without ending its thread.*0\.png.*exit code/);
      expect((await decode([{ name: paths[1]! }])).map(red)).toEqual([1]);
    } finally {
      process.off('worker', kill);
    }
  });

  it('gives up what nobody waits for any more', async () => {
    const paths = await writeNumbered(temporaryFolder(), ['0.png']);
    const decode = newPool({ size: 4, workers: 1 });
    const abort = new AbortController();
    const many = decode(
      Array.from({ length: 500 }, () => ({ name: paths[0]! })),
      abort.signal,
    );
    abort.abort(new Error('enough'));
    await expect(many).rejects.toThrow('enough');
    await expect(decode([{ name: paths[0]! }], AbortSignal.abort(new Error('before')))).rejects.toThrow(
      'before',
    );
    expect((await decode([{ name: paths[0]! }])).map(red)).toEqual([0]);
    expect(begun).toHaveLength(1);
  });

  it('ends its threads on close, with what is under way', async () => {
    const paths = await writeNumbered(temporaryFolder(), ['0.png']);
    const decode = newPool({ size: 4, workers: 2 });
    await decode(paths.map((name) => ({ name })));
    const many = decode(Array.from({ length: 500 }, () => ({ name: paths[0]! })));
    const refused = expect(many).rejects.toThrow(/close\(\) ended the threads/);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await decode.close();
    await refused;
    expect(begun.map(({ threadId }) => threadId)).toEqual([-1, -1]); // ended
    await expect(decode([{ name: paths[0]! }])).rejects.toThrow(SimCLRError);
    await decode.close();
  });

  it('does not keep a program alive, nor lets it end before its answer', async () => {
    const [path] = await writeNumbered(temporaryFolder(), ['0.png']);
    const script = `
      import { decodePool } from './src/node/index.ts';
      const decode = decodePool({ size: 4, workers: 2 });
      // Not by ending the thread after a while, as an idle one is.
      globalThis.setTimeout = () => ({ unref() {} });
      const [picture] = await decode([{ name: ${JSON.stringify(path)} }]);
      console.log(picture.shape.join());
    `;
    const { status, stdout, stderr } = spawnSync(process.execPath, programArguments(script), {
      encoding: 'utf8',
      timeout: 60_000,
      // The threads' program is a script, whatever the process takes a text for.
      env: { ...process.env, NODE_OPTIONS: '--input-type=module' },
    });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '4,4,3\n', stderr: '' });
  });

  it('refuses options outside their domain', () => {
    expect(() => decodePool({ workers: 0 })).toThrow(InvalidOptionError);
    expect(() => decodePool({ size: 0 })).toThrow(/^decodePool: size/);
    expect(() => decodePool({ maxPixels: 0 })).toThrow(/^decodePool: maxPixels/);
  });
});
