import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { stripes, tiny, writeClasses } from './pictures.js';
import { runCLI, runJSON } from './run-cli.js';

let cwd = '';
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'simclr-ts-cli-index-'));
  await writeClasses(join(cwd, 'photos'), 6);
  const { code, stderr } = await runCLI(['train', 'photos', ...tiny, '--out', 'my-model'], { cwd });
  if (code !== 0) throw new Error(stderr);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));
beforeEach(() => rmSync(join(cwd, 'photos/.simclr-ts'), { recursive: true, force: true }));

const index = (...args: string[]) => runJSON(['index', 'photos', ...args], { cwd });
const messageOf = ({ json }: { json: Record<string, unknown> }) =>
  (json.error as { message: string }).message;

describe('index', () => {
  it('says what it holds and what it did', async () => {
    const first = await runCLI(['index', 'photos', '--model', 'my-model'], { cwd });
    const location = join(cwd, 'photos/.simclr-ts');
    expect(first).toMatchObject({
      code: 0,
      stdout: `${location}: 12 vectors of 32 numbers\nembedded 12 new pictures; 0 from the index\nmodel: my-model\n`,
    });
    writeFileSync(join(cwd, 'photos/rows/new.png'), await stripes('rows', 17));
    renameSync(join(cwd, 'photos/rows/00.png'), join(cwd, 'photos/rows/first.png'));
    rmSync(join(cwd, 'photos/rows/01.png'));
    const second = await runCLI(['index', 'photos'], { cwd });
    expect(second.stdout).toBe(
      `${location}: 12 vectors of 32 numbers\nembedded 1 new picture; 11 from the index (1 under another name); ` +
        `dropped 1 that are gone\nmodel: ${join(cwd, 'my-model')}\n`,
    );
    renameSync(join(cwd, 'photos/rows/first.png'), join(cwd, 'photos/rows/00.png'));
    renameSync(join(cwd, 'photos/rows/new.png'), join(cwd, 'photos/rows/01.png'));
    expect((await index()).json).toMatchObject({
      location,
      pictures: 12,
      dim: 32,
      embedded: 0,
      renamed: 2,
      model: { kind: 'given', path: join(cwd, 'my-model') },
    });
  });

  it('serves search, duplicates and embed without a flag', async () => {
    const search = ['search', 'photos/rows/02.png', '--in', 'photos', '--results', '3'];
    const plain = await runJSON([...search, '--model', 'my-model'], { cwd });
    await index('--model', 'my-model');
    const indexed = await runJSON(search, { cwd });
    expect(indexed.json).toMatchObject({ index: { embedded: 0, reused: 12 }, searched: 12 });
    const near = (json: Record<string, unknown>) => json.results as { path: string; similarity: number }[];
    for (const [i, { path, similarity }] of near(plain.json).entries()) {
      expect(near(indexed.json)[i]!.path).toBe(path);
      expect(near(indexed.json)[i]!.similarity).toBeCloseTo(similarity, 4);
    }
    writeFileSync(join(cwd, 'photos/rows/copy.png'), readFileSync(join(cwd, 'photos/rows/02.png')));
    const told = await runCLI(['duplicates', 'photos', '--threshold', '1', '--verbose'], { cwd });
    expect(told.stderr).toContain('Embedded 0 new pictures; 13 from the index.');
    expect(told.stdout).toContain('the same file:\n  photos/rows/02.png\n  photos/rows/copy.png');
    rmSync(join(cwd, 'photos/rows/copy.png'));
    const embedded = await runJSON(['embed', 'photos', '--out', 'v.jsonl'], { cwd });
    expect(embedded.json).toMatchObject({ pictures: 12, dim: 32, index: { removed: 1, reused: 12 } });
    expect(readFileSync(join(cwd, 'v.jsonl'), 'utf8').trim().split('\n')).toHaveLength(12);
    const without = await runJSON([...search, '--no-index', '--model', 'my-model'], { cwd });
    expect(without.json.index).toBeUndefined();
    expect(near(without.json)).toEqual(near(plain.json));
  });

  it('fits a network where there is no model, which search then uses', async () => {
    const first = await runCLI(['index', 'photos', '--verbose'], { cwd });
    expect(first.stderr).toContain('No model is given: a network that needs no training is fitted');
    expect(first.stdout).toContain(
      'model: none; a network that nobody trained, fitted to 12 pictures of this folder',
    );
    const { json } = await runJSON(['search', 'photos/rows/02.png', '--in', 'photos'], { cwd });
    expect(json).toMatchObject({ model: null, index: { embedded: 0, reused: 12 } });
    expect(await index('--model', 'my-model')).toMatchObject({ code: 4 });
    expect(messageOf(await index('--model', 'my-model'))).toMatch(
      /^--model must be the one whose vectors the index holds; `simclr-ts index "photos" --rebuild` makes the index with another, and another --index keeps both\. Received: a model/,
    );
    const rebuilt = await index('--model', 'my-model', '--rebuild');
    expect(rebuilt.json).toMatchObject({ embedded: 12, model: { kind: 'given' } });
  });

  it('may lie elsewhere, and is embedded in parts', async () => {
    for (const shard of ['1/2', '2/2']) {
      const { json } = await index('--model', 'my-model', '--index', 'elsewhere', '--shard', shard);
      expect(json.shard).toEqual({ index: Number(shard[0]), count: 2 });
    }
    const { json } = await index('--index', 'elsewhere');
    expect(json).toMatchObject({ embedded: 0, reused: 12, pending: 0 });
    expect(existsSync(join(cwd, 'photos/.simclr-ts'))).toBe(false);
    const search = ['search', 'photos/rows/02.png', '--in', 'photos', '--index'];
    expect((await runJSON([...search, 'elsewhere'], { cwd })).json).toMatchObject({ index: { reused: 12 } });
    expect(messageOf(await runJSON([...search, 'nowhere'], { cwd }))).toBe(
      'There is no index in "nowhere". Make one with `simclr-ts index "photos" --index "nowhere"`.',
    );
    cpSync(join(cwd, 'photos'), join(cwd, 'others'), { recursive: true });
    expect(messageOf(await runJSON(['index', 'others', '--index', 'elsewhere'], { cwd }))).toMatch(
      /^--index must be an index of this folder; give another --index, or `simclr-ts index "others" --rebuild`\./,
    );
  });

  it('takes the part of a rank under mpirun', async () => {
    const env = (rank: number) => ({ OMPI_COMM_WORLD_RANK: `${rank}`, OMPI_COMM_WORLD_SIZE: '2' });
    const ranks = [];
    for (const rank of [0, 1]) {
      ranks.push(await runJSON(['index', 'photos', '--model', 'my-model'], { cwd, env: env(rank) }));
    }
    expect(ranks.map(({ json }) => json.shard)).toEqual([
      { index: 1, count: 2 },
      { index: 2, count: 2 },
    ]);
    expect(ranks[1]!.json).toMatchObject({ pictures: 12, pending: 0 });
  });

  it('names a damaged index, and what makes it again', async () => {
    await index('--model', 'my-model');
    writeFileSync(join(cwd, 'photos/.simclr-ts/index.json'), '{');
    for (const args of [
      ['index', 'photos'],
      ['duplicates', 'photos'],
    ]) {
      const outcome = await runJSON(args, { cwd });
      expect(outcome.code).toBe(3);
      expect(messageOf(outcome)).toMatch(
        /^The index must be whole; `simclr-ts index "photos" --rebuild` makes it from the pictures again\. Received: path=.*index\.json/,
      );
    }
    expect((await index('--model', 'my-model', '--rebuild')).json).toMatchObject({ embedded: 12 });
  });

  it('names the model that is no longer there', async () => {
    cpSync(join(cwd, 'my-model'), join(cwd, 'old-model'), { recursive: true });
    await index('--model', 'old-model');
    rmSync(join(cwd, 'old-model'), { recursive: true });
    const outcome = await runJSON(['search', 'photos/rows/02.png', '--in', 'photos'], { cwd });
    expect(outcome.code).toBe(4);
    expect(messageOf(outcome)).toMatch(
      /There is no trained model in ".*old-model"\..* The index of photos was made with it/,
    );
  });

  it.each(['0/2', '3/2', '1', 'a/b', '1/2/3'])('refuses --shard %s', async (shard) => {
    expect((await index('--shard', shard)).code).toBe(2);
  });

  it('says what a new user can do without a model', async () => {
    const outcome = await runJSON(['search', 'photos/rows/02.png', '--in', 'photos'], { cwd });
    expect(outcome.code).toBe(4);
    expect(messageOf(outcome)).toContain(
      '`simclr-ts index DIR` makes an index, with which search, duplicates, stacks, map, select, label, and embed need no training.',
    );
  });
});

describe('index, interrupted', () => {
  it('keeps what was embedded, and ends with the code of the signal', async () => {
    const picture = await stripes('rows', 1);
    rmSync(join(cwd, 'many'), { recursive: true, force: true });
    await writeClasses(join(cwd, 'many'), 1);
    for (let i = 0; i < 600; i++) {
      writeFileSync(join(cwd, `many/rows/x${i}.png`), Buffer.concat([picture, Buffer.from(`${i}`)]));
    }
    let killed = false;
    const outcome = await runJSON(
      ['index', 'many', '--model', 'my-model', '--batch-size', '4', '--verbose'],
      {
        cwd,
        onStderr(_, kill) {
          if (killed) return;
          killed = true;
          setTimeout(() => kill('SIGINT'), 1500);
        },
      },
    );
    if (outcome.code === 0) throw new Error('it was done before the signal came');
    expect(outcome.code).toBe(130);
    expect(messageOf(outcome)).toMatch(
      /^Interrupted\. .*many\/\.simclr-ts keeps what was embedded: embedded \d+ new pictures?/,
    );
    const again = await runJSON(['index', 'many'], { cwd });
    expect(again.json).toMatchObject({ pictures: 602, pending: 0 });
  });
});
