import { writeFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { recordLosses } from '../../src/report/index.js';
import { temporaryFolder } from '../node/temporary.js';
import { tinyPictures, tinySimCLR } from '../training/tiny.js';

/** Whether the disk fails to read losses.jsonl. Writing still works. */
const disk = vi.hoisted(() => ({ fails: false }));

vi.mock('node:fs/promises', async (original) => {
  const actual = await original<typeof fs>();
  const readFile = (path: unknown, ...rest: unknown[]) =>
    disk.fails && String(path).endsWith('losses.jsonl')
      ? Promise.reject(Object.assign(new Error('i/o error, read'), { code: 'EIO' }))
      : (actual.readFile as (...received: unknown[]) => unknown)(path, ...rest);
  return { ...actual, readFile };
});

it('recordLosses leaves a file that it cannot read as it is', async () => {
  const dir = temporaryFolder();
  const path = join(dir, 'losses.jsonl');
  const lines = '{"step":0,"loss":2,"pairs":4}\n';
  writeFileSync(path, lines);
  const simclr = tinySimCLR();
  await simclr.trainStep(tinyPictures(4));
  const train = () => simclr.fit(tinyPictures(8), { batchSize: 4, callbacks: [recordLosses(dir)] });
  disk.fails = true;
  await expect(train()).rejects.toThrow(/losses\.jsonl must be a file that can be read/);
  disk.fails = false;
  expect(await fs.readFile(path, 'utf8')).toBe(lines);
  simclr.dispose();
});
