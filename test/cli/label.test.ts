import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readKeywords, writeSidecar } from '../../src/node/index.js';
import { stripes, writeClasses } from './pictures.js';
import { runCLI, runJSON } from './run-cli.js';

let cwd = '';
const count = 8;
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'simclr-ts-cli-label-'));
  await writeClasses(join(cwd, 'made'), count);
  mkdirSync(join(cwd, 'clean'));
  for (const axis of ['rows', 'columns']) {
    for (const file of readdirSync(join(cwd, 'made', axis))) {
      renameSync(join(cwd, 'made', axis, file), join(cwd, 'clean', `${axis}-${file}`));
    }
  }
  const { code, stderr } = await runCLI(['index', 'clean'], { cwd });
  if (code !== 0) throw new Error(stderr);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));
beforeEach(() => {
  rmSync(join(cwd, 'photos'), { recursive: true, force: true });
  cpSync(join(cwd, 'clean'), join(cwd, 'photos'), { recursive: true, preserveTimestamps: true });
});

const label = (...args: string[]) => runJSON(['label', 'photos', ...args], { cwd });
const messageOf = ({ json }: { json: Record<string, unknown> }) =>
  (json.error as { message: string }).message;
interface Labeled {
  path: string;
  name: string | null;
  confidence: number | null;
  source: string;
}
const labelsOf = ({ json }: { json: Record<string, unknown> }) => json.labels as Labeled[];
const list = (name: string, names: Record<string, string | null>) => {
  writeFileSync(join(cwd, name), JSON.stringify(names));
  return name;
};
/** Names of some pictures by their axis. */
const some = {
  'rows-00.png': 'across',
  'rows-01.png': 'across',
  'rows-02.png': 'across',
  'columns-00.png': 'along',
  'columns-01.png': 'along',
  'columns-02.png': 'along',
};

describe('label', () => {
  it('names the rest, and says how well', async () => {
    const outcome = await label('--names', list('names.json', some), '--none-share', '0');
    expect(outcome.json).toMatchObject({
      pictures: 2 * count,
      named: 6,
      calibrated: true,
      missing: [],
      index: { embedded: 0 },
    });
    const labels = labelsOf(outcome);
    expect(labels.filter(({ source }) => source === 'given')).toHaveLength(6);
    const right = labels.filter(({ path, name }) => name === (path.includes('rows') ? 'across' : 'along'));
    expect(right.length).toBeGreaterThanOrEqual(12);
    for (const { confidence, source } of labels) {
      expect(confidence === null).toBe(source !== 'predicted');
      if (confidence !== null) expect(confidence).toBeGreaterThanOrEqual(0.5);
    }
    const told = await runCLI(['label', 'photos', '--none-share', '0'], { cwd });
    expect(told.stdout).toMatch(
      /^name +named +predicted +mean confidence\nacross +3 +\d+ +0\.\d\d\nalong +3 /,
    );
    expect(told.stdout).toContain('The least certain:');
    expect(told.stdout).toMatch(/Of the named pictures, [\d.]+ % would be named rightly by the others\./);
  });

  it('keeps names and corrections, and finds moved pictures', async () => {
    await label('--names', list('names.json', some));
    const kept = await label();
    expect(kept.json).toMatchObject({ named: 6, corrected: 0 });
    expect(labelsOf(kept).filter(({ source }) => source === 'kept')).toHaveLength(6);
    const corrected = await label(
      '--names',
      list('more.json', { 'rows-00.png': 'along', 'photos/rows-03.png': 'new', 'rows-04.png': null }),
    );
    expect(corrected.json).toMatchObject({ named: 8, corrected: 1 });
    renameSync(join(cwd, 'photos/rows-03.png'), join(cwd, 'photos/moved.png'));
    rmSync(join(cwd, 'photos/rows-02.png'));
    const later = await label();
    expect(later.json).toMatchObject({ named: 7, absent: 1 });
    const named = (path: string) => labelsOf(later).find((each) => each.path === join('photos', path));
    expect(named('rows-00.png')).toMatchObject({ name: 'along', source: 'kept' });
    expect(named('moved.png')).toMatchObject({ name: 'new', source: 'kept' });
    expect(named('rows-04.png')).toMatchObject({ name: null, source: 'kept' });
    expect((later.json.names as { name: string }[]).map(({ name }) => name)).toEqual([
      'across',
      'along',
      'new',
    ]);
    expect(JSON.parse(readFileSync(join(cwd, 'photos/.simclr-ts/names.json'), 'utf8')).names).toHaveLength(8);
  });

  it('takes the names of folders', async () => {
    for (const axis of ['rows', 'columns']) {
      mkdirSync(join(cwd, 'photos', axis));
      for (const number of ['00', '01', '02']) {
        renameSync(join(cwd, `photos/${axis}-${number}.png`), join(cwd, `photos/${axis}/${number}.png`));
      }
    }
    const outcome = await label('--from-folders', '--names', list('one.json', { 'rows/01.png': 'columns' }));
    expect(outcome.json).toMatchObject({ named: 6, index: { embedded: 0, renamed: 6 } });
    const sources = labelsOf(outcome).filter(({ source }) => source !== 'predicted');
    expect(sources.map(({ path, name, source }) => [path.slice(7), name, source])).toEqual([
      ['columns/00.png', 'columns', 'folder'],
      ['columns/01.png', 'columns', 'folder'],
      ['columns/02.png', 'columns', 'folder'],
      ['rows/00.png', 'rows', 'folder'],
      ['rows/01.png', 'columns', 'given'],
      ['rows/02.png', 'rows', 'folder'],
    ]);
    // Only names that were given are kept: folders say their own.
    expect((await label()).code).toBe(0);
    expect((await label()).json).toMatchObject({ named: 1 });
  });

  it('takes the names of keywords', async () => {
    const path = (name: string) => join(cwd, 'photos', name);
    for (const number of [0, 1]) {
      await writeSidecar(path(`rows-0${number}.png`), ['art/across', 'holiday']);
      await writeSidecar(path(`columns-0${number}.png`), ['along']);
    }
    const outcome = await label('--from-keywords', 'across,along');
    expect(outcome.json).toMatchObject({ named: 4, ambiguous: [] });
    expect(
      labelsOf(outcome)
        .filter(({ source }) => source === 'keyword')
        .map(({ name }) => name),
    ).toEqual(['along', 'along', 'across', 'across']);
    const all = await label('--from-keywords');
    expect(all.json).toMatchObject({ named: 2, ambiguous: ['photos/rows-00.png', 'photos/rows-01.png'] });
    expect(all.stderr).toContain('2 pictures have several keywords that could be their name');
  });

  it('writes a table that --names reads, JSON and Parquet', async () => {
    const given = await label('--names', list('names.json', some), '--out', 'labels.csv');
    const lines = readFileSync(join(cwd, 'labels.csv'), 'utf8').trim().split('\n');
    expect(lines[0]).toBe('path,name,confidence,source');
    expect(lines).toHaveLength(1 + 2 * count);
    expect(lines).toContain('photos/rows-00.png,across,,given');
    rmSync(join(cwd, 'photos/.simclr-ts/names.json'));
    expect((await label('--names', 'labels.csv')).json).toMatchObject({ named: 6 });

    await label('--out', 'labels.json');
    expect(JSON.parse(readFileSync(join(cwd, 'labels.json'), 'utf8')).labels).toHaveLength(2 * count);
    await label('--out', 'labels.parquet');
    const bytes = readFileSync(join(cwd, 'labels.parquet'));
    const rows = await parquetReadObjects({
      file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
    });
    expect(rows.map(({ path, name }) => [path, name])).toEqual(
      labelsOf(given).map(({ path, name }) => [path, name]),
    );
    expect(rows.filter(({ confidence }) => confidence === null).length).toBeGreaterThanOrEqual(6);
  });

  it('says which pictures to name next, before and after there are names', async () => {
    const first = await label('--next', '4', '--out', 'next.csv');
    const pictures = first.json.next as { path: string; guess: string | null }[];
    expect(new Set(pictures.map(({ path }) => path)).size).toBe(4);
    expect(pictures.every(({ guess }) => guess === null)).toBe(true);
    const lines = readFileSync(join(cwd, 'next.csv'), 'utf8').trim().split('\n');
    expect(lines).toEqual(['path,name,guess,confidence', ...pictures.map(({ path }) => `${path},,,`)]);
    const filled = lines.map((line) => line.replace(/^(.*(rows|columns).*?),,,$/, '$1,$2,,'));
    writeFileSync(join(cwd, 'next.csv'), filled.join('\n'));
    expect((await label('--names', 'next.csv')).json).toMatchObject({ named: 4 });

    const told = await runCLI(['label', 'photos', '--next', '3'], { cwd });
    const paths = told.stdout.trim().split('\n');
    expect(paths).toHaveLength(3);
    expect(pictures.map(({ path }) => path).filter((path) => paths.includes(path))).toEqual([]);
    await label('--next', '3', '--out', 'next.html');
    for (const path of paths) expect(readFileSync(join(cwd, 'next.html'), 'utf8')).toContain(`alt="${path}"`);
    const most = await label('--next', '100');
    expect(most.json.next).toHaveLength(2 * count - 4);
    expect(most.stderr).toContain('--next 100 is more than have no name: 12 pictures.');
  });

  it('writes sidecars when told to, and changes none', async () => {
    const names = list('names.json', some);
    writeFileSync(join(cwd, 'photos/rows-00.png.xmp'), 'edits');
    const dry = await runCLI(
      ['label', 'photos', '--names', names, '--none-share', '0', '--write-xmp', '--min-confidence', '0'],
      { cwd },
    );
    expect(dry.stdout).toContain('would write 15 sidecars; --write writes them\n');
    expect(dry.stdout).toContain('1 picture with a sidecar already: it stays as it is');
    expect(readdirSync(join(cwd, 'photos')).filter((name) => name.endsWith('.xmp'))).toEqual([
      'rows-00.png.xmp',
    ]);
    const few = await label('--write-xmp', '--min-confidence', '1');
    expect((few.json.sidecars as { sidecars: object[] }).sidecars).toHaveLength(5);
    const { json } = await label('--none-share', '0', '--write-xmp', '--write', '--min-confidence', '0');
    expect(json.sidecars).toMatchObject({ written: true, there: ['photos/rows-00.png'] });
    for (const { path, name } of (json.labels as Labeled[]).filter(
      (each) => !each.path.endsWith('rows-00.png'),
    )) {
      expect(await readKeywords(join(cwd, path))).toEqual([name]);
    }
    expect(readFileSync(join(cwd, 'photos/rows-00.png.xmp'), 'utf8')).toBe('edits');
    const again = await label('--none-share', '0', '--write-xmp', '--write', '--min-confidence', '0');
    expect((again.json.sidecars as { sidecars: object[] }).sidecars).toEqual([]);
  });

  it('warns of names of files that are not there, and of single pictures', async () => {
    const outcome = await label(
      '--names',
      list('some.json', { ...some, 'nowhere.png': 'across', 'rows-07.png': 'lonely' }),
    );
    expect(outcome.json).toMatchObject({ named: 7, missing: ['nowhere.png'] });
    expect(outcome.stderr).toContain(
      '1 name is of a file that photos does not hold as a whole picture:\n  nowhere.png',
    );
    expect(outcome.stderr).toContain('Of some names there is one picture (lonely)');
    rmSync(join(cwd, 'photos/.simclr-ts/names.json'));
    const single = await label(
      '--names',
      list('two.json', { 'rows-00.png': 'across', 'columns-00.png': 'along' }),
    );
    expect(single.stderr).toContain(
      'There is one picture of each name (across, along): confidences are rough',
    );
    expect(single.json).toMatchObject({ calibrated: false, leaveOneOutAccuracy: null });
  });

  it('takes names and files in any script', async () => {
    // One disk composes characters, another takes them apart.
    writeFileSync(join(cwd, 'photos/u\u0308ber \u732b.png'), await stripes('rows', 20));
    const outcome = await label(
      '--names',
      list('any.json', { '\u00fcber \u732b.png': '\u732b', 'columns-00.png': '\u0643\u0644\u0628' }),
    );
    expect(outcome.json).toMatchObject({ named: 2, missing: [] });
    expect((outcome.json.names as { name: string }[]).map(({ name }) => name)).toEqual([
      '\u0643\u0644\u0628',
      '\u732b',
    ]);
  });

  it('uses names that cannot be kept, and says so', async () => {
    const blocked = join(cwd, 'photos/.simclr-ts/names.lock');
    mkdirSync(join(blocked, 'x'), { recursive: true });
    const outcome = await label('--names', list('names.json', some));
    expect(outcome.json).toMatchObject({ named: 6 });
    expect(outcome.stderr).toMatch(
      /The names cannot be kept in .*\.simclr-ts .*they are used now, and must be given again next time\./,
    );
    expect(existsSync(join(cwd, 'photos/.simclr-ts/names.json'))).toBe(false);
  });

  it.each<[string[], number, RegExp]>([
    [[], 2, /^No picture in photos has a name\. Give some with --names FILE.*`--next 20`/],
    [['--names', 'nowhere.csv'], 3, /^File must be a list|file must be a list/i],
    [['--next', '2', '--out', 'next.parquet'], 2, /^--out must end with \.csv, \.json, \.html with --next/],
    [['--out', 'labels.html'], 2, /^--out must end with \.csv, \.json, \.parquet\./],
    [['--write'], 2, /^--write needs --write-xmp/],
    [['--next', '2', '--write-xmp'], 2, /give one of them/],
  ])('refuses %j', async (args, code, message) => {
    const outcome = await label(...args);
    expect(outcome.code).toBe(code);
    expect(messageOf(outcome)).toMatch(message);
  });

  it('names a damaged list of kept names', async () => {
    writeFileSync(join(cwd, 'photos/.simclr-ts/names.json'), '{');
    const outcome = await label('--names', list('names.json', some));
    expect(outcome.code).toBe(3);
    expect(messageOf(outcome)).toMatch(/names\.json" \(it is not JSON\)/);
  });
});
