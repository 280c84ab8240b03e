import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PictureStack, StackCalibration } from 'simclr-ts/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changesOfScenes, scene } from '../helpers/scenes.js';
import { runCLI, runJSON } from './run-cli.js';

const scenes = 60;
const changed = 4;
let cwd = '';
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'simclr-ts-cli-stacks-'));
  mkdirSync(join(cwd, 'photos'));
  const write = async (name: string, bytes: Promise<Buffer>) =>
    writeFileSync(join(cwd, 'photos', name), await bytes);
  for (let i = 0; i < scenes; i++) {
    const number = String(i).padStart(3, '0');
    await write(`${number}.jpg`, (await scene(i)).jpeg({ quality: 95 }).toBuffer());
    if (i >= changed) continue;
    for (const [name, change] of Object.entries(changesOfScenes)) {
      await write(`${number}-${name}`, change(await scene(i)));
    }
    await write(`${number}-miss.jpg`, (await scene(i, { others: 5 })).jpeg({ quality: 95 }).toBuffer());
  }
  await write('020-copy.jpg', Promise.resolve(readFileSync(join(cwd, 'photos/020.jpg'))));
  linkSync(join(cwd, 'photos/021.jpg'), join(cwd, 'photos/021-link.jpg'));
  const { code, stderr } = await runCLI(['index', 'photos'], { cwd });
  if (code !== 0) throw new Error(stderr);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const sceneOf = (path: string) => /(\d{3})/.exec(path)![1]!;
const pathsOf = ({ shots }: PictureStack) =>
  shots.flatMap(({ pictures }) => pictures.map(({ path }) => path));

/** How right the pairs of some groups are: those of one scene, near misses apart. */
function judge(groups: readonly (readonly string[])[]): { right: number; wrong: number } {
  let [right, wrong] = [0, 0];
  for (const group of groups) {
    for (const [i, a] of group.entries()) {
      for (const b of group.slice(i + 1)) {
        const isRight = sceneOf(a) === sceneOf(b) && a.includes('miss') === b.includes('miss');
        if (isRight) right++;
        else wrong++;
      }
    }
  }
  return { right, wrong };
}

/** Pairs of a scene with all its changed copies. */
const pairs = ((n: number) => (n * (n - 1)) / 2)(Object.keys(changesOfScenes).length + 1);

describe('stacks', () => {
  it('are the changed copies of pictures, without a model and without a threshold', async () => {
    const { code, json } = await runJSON(['stacks', 'photos', '--level', 'same'], { cwd });
    expect(code).toBe(0);
    const stacks = json.stacks as PictureStack[];
    const { right, wrong } = judge(stacks.map(pathsOf));
    expect(wrong).toBe(0);
    expect(right).toBeGreaterThan(0.75 * changed * pairs);
    const { precision, recall, changes } = json.same as StackCalibration;
    expect(precision).toBeGreaterThanOrEqual(0.99);
    expect(recall).toBeGreaterThan(0.75);
    expect(Object.keys(changes)).toHaveLength(5);
    expect(json).toMatchObject({ level: 'same', model: null, at: 'readout', index: { embedded: 0 } });
    expect(json.links).toEqual([{ path: 'photos/021.jpg', of: 'photos/021-link.jpg' }]);
    const copies = stacks.find(({ level }) => level === 'copies')!;
    expect(pathsOf(copies).sort()).toEqual(['photos/020-copy.jpg', 'photos/020.jpg']);
  });

  it('of variants are found around them', async () => {
    const { stdout, code } = await runCLI(['stacks', 'photos'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}keep +\d+x\d+ +\d+ kB {2}\d{4}-\d\d-\d\d {2}photos\/0/m);
    expect(stdout).toMatch(/equal files:\n {2}keep .*\n {2}equal file .*\n/);
    expect(stdout).toMatch(
      /\d+ stacks of \d+ among \d+ pictures; \d+ of them show what another one shows\. Nothing was deleted\./,
    );
    expect(stdout).toContain('1 file only another name of one in the folder (hard links): no copies.');
    expect(stdout).toMatch(/the same picture, from 0\.\d{3} on: estimated precision (99|100)\.\d %/);
    expect(stdout).toMatch(/finds \d+\.\d % of changed copies of \d+ of these pictures: re-encoded \d/);
  });

  it('are written as a table and as a page, which opens', async () => {
    const opened = join(cwd, 'opened.txt');
    const opener = join(cwd, 'opener.sh');
    writeFileSync(opener, `#!/bin/sh\necho "$1" > ${opened}\n`);
    chmodSync(opener, 0o755);
    const files = ['--csv', 'out/stacks.csv', '--html', 'out/stacks.html'];
    const { json } = await runJSON(['stacks', 'photos', '--level', 'copies', '--open', ...files], {
      cwd,
      env: { SIMCLR_OPEN: opener },
    });
    expect(json.files).toEqual(['out/stacks.csv', 'out/stacks.html']);
    expect(json.same).toBeUndefined();
    const [head, ...lines] = readFileSync(join(cwd, 'out/stacks.csv'), 'utf8').trim().split('\n');
    expect(head).toBe('stack,level,shot,role,path,width,height,bytes,date,similarity');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(/^1,copies,1,equal file,photos\/020.*\.jpg,256,192,\d+,\d{4}-.*,1\.0000$/);
    expect(readFileSync(join(cwd, 'out/stacks.html'), 'utf8')).toContain('href="../photos/020');
    await expect
      .poll(() => existsSync(opened) && readFileSync(opened, 'utf8'))
      .toMatch(/^file:.*out\/stacks\.html\n$/);
    const missing = await runCLI(['stacks', 'photos', '--level', 'copies', '--open'], {
      cwd,
      env: { SIMCLR_OPEN: '/no/such/program' },
    });
    expect(missing.stderr).toContain(
      'Warning: /no/such/program does not start here. Open stacks.html in a browser.',
    );
    expect(existsSync(join(cwd, 'stacks.html'))).toBe(true);
  });

  it('need a precision below 1 and a model or an index', async () => {
    for (const precision of ['0', '1', 'high']) {
      expect(await runCLI(['stacks', 'photos', '--precision', precision], { cwd })).toMatchObject({
        code: 2,
      });
    }
    const none = await runJSON(['stacks', 'photos', '--no-index'], { cwd });
    expect(none.code).toBe(4);
    expect((none.json.error as { message: string }).message).toContain(
      '`simclr-ts index DIR` makes an index',
    );
  });
});

describe('duplicates without a threshold', () => {
  it('take that which the pictures give', async () => {
    const { json } = await runJSON(['duplicates', 'photos'], { cwd });
    const similar = json.similar as { paths: string[]; similarity: { low: number; high: number } }[];
    const { right, wrong } = judge(similar.map(({ paths }) => paths));
    expect(wrong).toBe(0);
    expect(right).toBeGreaterThan(0.75 * changed * pairs);
    for (const { similarity, paths } of similar) {
      expect(similarity.low).toBeGreaterThanOrEqual(json.threshold as number);
      expect(similarity.low).toBeLessThanOrEqual(similarity.high);
      expect(paths).toEqual([...paths].sort());
    }
    expect(json.exact).toEqual([['photos/020-copy.jpg', 'photos/020.jpg']]);
    expect(json.calibration).toMatchObject({ threshold: json.threshold, sample: expect.any(Number) });
    const { stdout } = await runCLI(['duplicates', 'photos', '--precision', '0.9'], { cwd });
    expect(stdout).toMatch(
      /compared by the read-out, \d+ numbers, threshold 0\.\d+\nthe same picture, from 0\.\d{3} on/,
    );
    expect(
      await runCLI(['duplicates', 'photos', '--precision', '0.9', '--threshold', '0.9'], { cwd }),
    ).toMatchObject({
      code: 2,
    });
  });
});

describe('map', () => {
  it('writes one page', async () => {
    const { code, json } = await runJSON(['map', 'photos', '--out', 'out/map.html', '--clusters', '4'], {
      cwd,
    });
    expect(code).toBe(0);
    expect(json).toMatchObject({ map: 'out/map.html', model: null, index: { embedded: 0 } });
    const html = readFileSync(join(cwd, 'out/map.html'), 'utf8');
    expect(html).toContain('<title>Map of photos</title>');
    expect(html).toContain('Group 4');
    expect(html).not.toContain('Group 5');
    expect(html).toContain('<h2>Near-duplicates</h2>');
  });

  it('takes some of many pictures, and says so', async () => {
    const { stdout, stderr } = await runCLI(['map', 'photos', '--limit', '40'], { cwd });
    expect(stdout).toMatch(/^map\.html: a map of 40 pictures, with \d+ stacks? of near-duplicates\n/);
    expect(stderr).toMatch(/Warning: The map shows 40 of \d+ pictures, evenly spread\. --limit shows more\./);
  });
});
