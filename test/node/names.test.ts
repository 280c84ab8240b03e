import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepPictureNames, keptPictureNames, readPictureNames } from '../../src/node/index.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'simclr-ts-names-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

describe('readPictureNames', () => {
  const expected = [
    { path: 'a, b.jpg', name: 'Katze' },
    { path: 'c.jpg', name: 'ねこ "neko"' },
    { path: 'd.jpg', name: null },
  ];

  it.each([
    ['commas', 'path,name\n"a, b.jpg",Katze\nc.jpg,"ねこ ""neko"""\nd.jpg,none of these\n'],
    [
      'semicolons, and other columns',
      '\uFEFFName;Number;Path\r\nKatze;1;a, b.jpg\r\n"ねこ ""neko""";2;c.jpg\r\nnone of these;3;d.jpg\r\n',
    ],
    ['tabs, without names of columns', 'a, b.jpg\tKatze\nc.jpg\t"ねこ ""neko"""\n\nd.jpg\tnone of these'],
  ])('reads a table with %s', async (_, text) => {
    expect(await readPictureNames(write('names.csv', text))).toEqual(expected);
  });

  it('passes over what nobody named', async () => {
    const text = 'path,name,confidence,source\na.jpg,cat,,given\nb.jpg,dog,0.9,predicted\nc.jpg,,,\n';
    expect(await readPictureNames(write('half.csv', text))).toEqual([{ path: 'a.jpg', name: 'cat' }]);
  });

  it.each([
    ['an object', { 'a, b.jpg': 'Katze', 'c.jpg': 'ねこ "neko"', 'd.jpg': null }],
    ['a list', expected],
    ['what is kept', { names: expected }],
  ])('reads %s in JSON', async (_, value) => {
    expect(await readPictureNames(write('names.json', JSON.stringify(value)))).toEqual(expected);
  });

  it.each([
    ['nowhere.csv', undefined, /no such file/],
    ['one.csv', 'path,name\na.jpg\n', /row 2 has no name for "a\.jpg"/],
    ['empty.csv', 'path,name\n,cat\n', /row 2 has no path/],
    ['quotes.csv', 'path,name\n"a.jpg,cat\n', /quote/i],
    ['twice.csv', 'a.jpg,cat\na.jpg,dog\n', /"a\.jpg" is named both "cat" and "dog"/],
    ['broken.json', '{', /it is not JSON/],
    ['numbers.json', '{"a.jpg": 3}', /it holds \{"path":"a\.jpg","name":3\}/],
    ['text.json', '"cat"', /it holds "cat"/],
  ])('refuses %s', async (name, text, message) => {
    const path = text === undefined ? join(folder, name) : write(name, text);
    const call = readPictureNames(path);
    await expect(call).rejects.toThrow(message);
    await expect(call).rejects.toMatchObject({ name: 'DataError', path });
  });
});

describe('keepPictureNames', () => {
  it('keeps, corrects and sorts, in a file that people can read', async () => {
    const location = join(folder, 'photos', '.simclr-ts');
    expect(await keptPictureNames(location)).toEqual([]);
    await keepPictureNames(location, [
      { path: 'b.jpg', name: 'dog', sha256: 'ff' },
      { path: 'a.jpg', name: 'cat' },
    ]);
    const all = await keepPictureNames(location, [{ path: 'a.jpg', name: null }]);
    expect(all).toEqual([
      { path: 'a.jpg', name: null },
      { path: 'b.jpg', name: 'dog', sha256: 'ff' },
    ]);
    expect(await keptPictureNames(location)).toEqual(all);
    expect(await readPictureNames(join(location, 'names.json'))).toEqual(all);
    expect(readFileSync(join(location, 'names.json'), 'utf8').split('\n')[4]).toBe(
      '    {"path":"a.jpg","name":null},',
    );
    expect(readdirSync(location)).toEqual(['names.json']);
  });

  it('loses none of two at the same time', async () => {
    const location = join(folder, 'together');
    await Promise.all([...'abcdefgh'].map((path) => keepPictureNames(location, [{ path, name: path }])));
    expect((await keptPictureNames(location)).map(({ path }) => path).join('')).toBe('abcdefgh');
  });

  it('names what it cannot read or write', async () => {
    const location = join(folder, 'damaged');
    mkdirSync(location);
    for (const [text, message] of [
      ['{', /it is not JSON/],
      ['{}', /no list of names/],
      ['{"names":[{"path":"a"}]}', /\{"path":"a"\} is not a path with a name/],
      ['{"version":2,"names":[]}', /of version 2; update simclr-ts/],
    ] as const) {
      writeFileSync(join(location, 'names.json'), text);
      await expect(keptPictureNames(location)).rejects.toThrow(message);
      await expect(keepPictureNames(location, [{ path: 'a', name: 'b' }])).rejects.toThrow(message);
      expect(readFileSync(join(location, 'names.json'), 'utf8')).toBe(text);
    }
    await expect(keepPictureNames('/dev/null/x', [])).rejects.toThrow(
      /must be kept in a file that can be written/,
    );
  });

  it.skipIf(process.getuid?.() === 0)('says so of a read-only folder', async () => {
    const location = join(folder, 'read-only');
    mkdirSync(location);
    chmodSync(location, 0o500);
    await expect(keepPictureNames(location, [{ path: 'a', name: 'b' }])).rejects.toThrow(/permission denied/);
    chmodSync(location, 0o700);
  });
});
