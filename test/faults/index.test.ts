import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { indexFolder } from 'simclr-ts/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SimCLR } from '../../src/index.js';
import { tiny, writeClasses } from '../cli/pictures.js';
import { runCLI, runJSON } from '../cli/run-cli.js';
import { writePictures } from '../node/picture-index/pictures.js';
import { temporaryFolder } from '../node/temporary.js';
import { tinySimCLR } from '../training/tiny.js';
import { mount } from './mount.js';

let model: SimCLR;
beforeAll(() => {
  model = tinySimCLR();
});
afterAll(() => model.dispose());

const many = (count: number) => Array.from({ length: count }, (_, i) => `${i}.png`);

/** Number of rows that are stored, by the sizes of the files of segments. */
function segmentCount(folder: string): number {
  const location = join(folder, '.simclr-ts');
  if (!existsSync(join(location, 'index.json'))) return 0;
  const { generation } = JSON.parse(readFileSync(join(location, 'index.json'), 'utf8'));
  return readdirSync(join(location, generation)).filter((name) => name.endsWith('.parquet')).length;
}

describe('an index whose process is killed', () => {
  it('is readable after every kill, loses at most the batch under way, and ends as if nothing had happened', async () => {
    const cwd = temporaryFolder();
    await writeClasses(join(cwd, 'photos'), 4);
    const trained = await runCLI(['train', 'photos', ...tiny, '--out', 'model'], { cwd });
    expect(trained.code).toBe(0);
    await writePictures(join(cwd, 'photos/more'), many(400));
    const args = ['index', 'photos', '--model', 'model', '--batch-size', '4', '--quiet'];
    let stored = 0;
    let kills = 0;
    for (let round = 0; round < 8 && stored < 400; round++) {
      const before = segmentCount(join(cwd, 'photos'));
      const { code } = await runCLI(args, {
        cwd,
        async onStart(kill) {
          // At least one segment was written in this round; then at some moment of writing or computing.
          const from = Date.now();
          while (segmentCount(join(cwd, 'photos')) <= before && Date.now() - from < 30_000) {
            await new Promise((resolve) => setTimeout(resolve, 1));
          }
          await new Promise((resolve) => setTimeout(resolve, 37 * round));
          kill('SIGKILL');
        },
      });
      if (code === null) kills++;
      // A shard that has nothing to do only reads.
      const { json } = await runJSON([...args, '--shard', '1000000/1000000'], { cwd });
      const found = json.pictures as number;
      expect(found).toBeGreaterThan(stored);
      stored = found;
    }
    expect(kills).toBeGreaterThanOrEqual(4);
    const { json } = await runJSON(args, { cwd });
    expect(json).toMatchObject({ pictures: 408, pending: 0, skipped: [] });
    expect(json.embedded as number).toBeLessThanOrEqual(408 - stored);
    const whole = await runJSON([...args, '--index', 'other'], { cwd });
    expect(whole.json).toMatchObject({ embedded: 408 });
    const vectors = async (index: string) => {
      await runCLI(['embed', 'photos', '--index', index, '--out', `${index}.npy`], { cwd });
      return readFileSync(join(cwd, `${index}.npy`));
    };
    mkdirSync(join(cwd, 'out'));
    const [killed, straight] = [await vectors('photos/.simclr-ts'), await vectors('other')];
    expect(killed.length).toBe(straight.length);
    const floats = (bytes: Buffer) =>
      new Float32Array(new Uint8Array(bytes.subarray(bytes.length % 4)).buffer);
    const [a, b] = [floats(killed), floats(straight)];
    for (let i = 32; i < a.length; i++) expect(Math.abs(a[i]! - b[i]!)).toBeLessThan(1e-4);
  });
});

describe('processes that index the same folder at the same time', () => {
  it('end with one whole index, whoever makes it', async () => {
    const cwd = temporaryFolder();
    await writePictures(join(cwd, 'photos'), many(60));
    const args = ['index', 'photos', '--batch-size', '8'];
    const outcomes = await Promise.all(
      ['1/3', '2/3', '3/3'].map((shard) => runJSON([...args, '--shard', shard], { cwd, spawned: true })),
    );
    for (const { code, stderr } of outcomes) expect(code, stderr).toBe(0);
    const fingerprints = new Set(
      outcomes.map(({ json }) => (json.model as { fingerprint: string }).fingerprint),
    );
    expect(fingerprints.size).toBe(1);
    const { json } = await runJSON(args, { cwd });
    expect(json).toMatchObject({ pictures: 60, embedded: 0, reused: 60 });
    const both = await Promise.all([0, 1].map(() => runJSON([...args, '--rebuild'], { cwd, spawned: true })));
    // The later rebuild may take away what the earlier one was filling; then that one says so.
    expect(both.some(({ code }) => code === 0)).toBe(true);
    expect((await runJSON(args, { cwd })).json).toMatchObject({ pictures: 60, pending: 0 });
  });
});

describe('an index on a disk that', () => {
  it('is full keeps what was stored, and is completed when there is space', async ({ skip }) => {
    const [photos, disk] = [temporaryFolder(), temporaryFolder()];
    await writePictures(photos, many(200));
    const unmount = mount(disk, 'size=64k');
    if (!unmount) return skip('a small file system cannot be mounted here (needs Linux and root)');
    const location = join(disk, 'index');
    try {
      await expect(indexFolder(photos, { model, location, batchSize: 8 })).rejects.toThrow(
        /location must be a folder that can be written; .*no space left on the device \(ENOSPC\)/,
      );
      const partly = await indexFolder(photos, { model, location, batchSize: 8, keep: 'whenPossible' });
      expect(partly.unsaved).toMatch(/ENOSPC/);
      expect(partly.paths).toHaveLength(200);
      expect(partly.changes.reused).toBeGreaterThan(0);
      partly.dispose();
      execFileSync('mount', ['-o', 'remount,size=4m', disk]);
      const whole = await indexFolder(photos, { model, location });
      whole.dispose();
      expect(whole.changes.reused).toBe(partly.changes.reused);
      expect(whole.paths).toHaveLength(200);
      expect(whole.vectors).toEqual(partly.vectors);
    } finally {
      unmount();
    }
  });

  it('cannot be written says where it can go, and serves what it holds', async ({ skip }) => {
    const folder = temporaryFolder();
    const unmount = mount(folder, 'size=4m');
    if (!unmount) return skip('a small file system cannot be mounted here (needs Linux and root)');
    try {
      await writePictures(folder, many(5));
      execFileSync('mount', ['-o', 'remount,ro', folder]);
      await expect(indexFolder(folder, { model })).rejects.toThrow(
        /location must be a folder that can be written; give another one to keep the index there\. .*EROFS/,
      );
      execFileSync('mount', ['-o', 'remount,rw', folder]);
      (await indexFolder(folder, { model })).dispose();
      await writePictures(folder, ['new.png'], 7);
      execFileSync('mount', ['-o', 'remount,ro', folder]);
      const index = await indexFolder(folder, { model, keep: 'whenPossible' });
      index.dispose();
      expect(index).toMatchObject({
        unsaved: expect.stringMatching(/EROFS/),
        changes: { embedded: 1, reused: 5 },
      });
      expect(statSync(index.location).isDirectory()).toBe(true);
    } finally {
      unmount();
    }
  });
});
