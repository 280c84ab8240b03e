import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeClasses } from './pictures.js';
import { runCLI, runJSON } from './run-cli.js';

let cwd = '';
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'simclr-ts-cli-select-'));
  await writeClasses(join(cwd, 'photos'), 6);
  for (const name of ['00', '01', '02', '03']) rmSync(join(cwd, `photos/rows/${name}.png`));
  const { code, stderr } = await runCLI(['index', 'photos'], { cwd });
  if (code !== 0) throw new Error(stderr);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const select = (...args: string[]) => runJSON(['select', 'photos', ...args], { cwd });
const messageOf = ({ json }: { json: Record<string, unknown> }) =>
  (json.error as { message: string }).message;
interface Selected {
  path: string;
  similarity: number | null;
  folder?: string;
}
const selectedBy = ({ json }: { json: Record<string, unknown> }) => json.selected as Selected[];

describe('select', () => {
  it('prints one path per line, in order', async () => {
    const { stdout, stderr } = await runCLI(['select', 'photos', '--count', '3', '--verbose'], { cwd });
    const outcome = await select('--count', '3');
    expect(stdout.trim().split('\n')).toEqual(selectedBy(outcome).map(({ path }) => path));
    expect(stderr).toMatch(
      /3 of 8 pictures, by the read-out, \d+ numbers: a picture of the folder is 0\.\d+ like/,
    );
    expect(outcome.json).toMatchObject({
      pictures: 8,
      method: 'facility-location',
      index: { embedded: 0, reused: 8 },
      coverage: { mean: expect.any(Number), lowest: expect.any(Number) },
    });
    expect(selectedBy(outcome)[0]!.similarity).toBeNull();
    expect(selectedBy(outcome)[1]!.similarity).toBeLessThan(1);
  });

  it('balances folders', async () => {
    const balanced = await select('--count', '4', '--balanced', '--method', 'farthest-point');
    const folders = selectedBy(balanced).map(({ folder }) => folder);
    expect(folders.sort()).toEqual(['columns', 'columns', 'rows', 'rows']);
    const most = await select('--count', '6', '--balanced');
    expect(selectedBy(most).filter(({ folder }) => folder === 'rows')).toHaveLength(2);
  });

  it('selects what is like an example, or unlike it', async () => {
    const near = selectedBy(await select('--count', '1', '--near', 'photos/rows/05.png', '--pool', '1'));
    expect(near.map(({ path }) => path)).toEqual([join('photos', 'rows', '05.png')]);
    const unlike = selectedBy(
      await select(
        '--count',
        '8',
        '--unlike',
        'photos/rows/05.png',
        '--unlike',
        'photos/rows/04.png',
        '--method',
        'farthest-point',
      ),
    );
    expect(
      unlike
        .slice(-2)
        .map(({ path }) => basename(path))
        .sort(),
    ).toEqual(['04.png', '05.png']);
    expect(unlike[0]!.similarity).not.toBeNull();
  });

  it('writes a table, JSON and a page, and copies the pictures', async () => {
    const selected = selectedBy(await select('--count', '2', '--out', 'selected.csv', '--copy', 'subset'));
    const [head, first, second, end] = readFileSync(join(cwd, 'selected.csv'), 'utf8').split('\n');
    expect([head, first, end]).toEqual(['rank,path,similarity', `1,${selected[0]!.path},`, '']);
    expect(second).toBe(`2,${selected[1]!.path},${selected[1]!.similarity}`);
    const copies = readdirSync(join(cwd, 'subset')).sort();
    expect(copies).toEqual(selected.map(({ path }, i) => `${i + 1}-${basename(path)}`));
    expect(readFileSync(join(cwd, 'subset', copies[0]!))).toEqual(readFileSync(join(cwd, selected[0]!.path)));

    const { json } = await select('--count', '2', '--out', 'selected.json');
    expect(JSON.parse(readFileSync(join(cwd, 'selected.json'), 'utf8'))).toEqual(json);
    await select('--count', '2', '--out', 'selected.html');
    const page = readFileSync(join(cwd, 'selected.html'), 'utf8');
    for (const { path } of selected) expect(page).toContain(`alt="${path}"`);
    expect(page.match(/<img src="data:image\/png;base64,/g)).toHaveLength(2);
  });

  it('selects all where fewer are there than asked for', async () => {
    const outcome = await select('--count', '100');
    expect(outcome.code).toBe(0);
    expect(selectedBy(outcome)).toHaveLength(8);
    expect(outcome.stderr).toContain('--count 100 is more than there are: all 8 pictures are selected.');
  });

  it('refuses to write into a folder that holds something, before any work', async () => {
    const before = readdirSync(join(cwd, 'photos/rows'));
    const outcome = await select('--count', '1', '--copy', 'photos/rows');
    expect(outcome.code).toBe(3);
    expect(messageOf(outcome)).toMatch(
      /^--copy must be a folder that can be written and is empty or not there yet\./,
    );
    expect(readdirSync(join(cwd, 'photos/rows'))).toEqual(before);
  });

  it.each<[string[], number, RegExp]>([
    [[], 2, /^--count N is required/],
    [['--count', '2', '--pool', '3'], 2, /^--pool needs --near/],
    [['--count', '2', '--out', 'selected.txt'], 2, /^--out must end with \.csv, \.json, \.html/],
    [['--count', '2', '--near', 'nowhere.png'], 3, /nowhere\.png/],
    [['--count', '2', '--copy', '/dev/null/x'], 3, /^--copy must be a folder/],
    [['--count', '2', '--out', '/dev/null/x.csv'], 3, /must be a file that can be written/],
  ])('refuses %j', async (args, code, message) => {
    const outcome = await select(...args);
    expect(outcome.code).toBe(code);
    expect(messageOf(outcome)).toMatch(message);
  });

  it('refuses an example that is not a picture', async () => {
    writeFileSync(join(cwd, 'broken.jpg'), 'not a picture');
    const outcome = await select('--count', '2', '--unlike', 'broken.jpg');
    expect(outcome.code).toBe(3);
    expect(messageOf(outcome)).toMatch(/^The file is not a complete picture\./);
  });
});
