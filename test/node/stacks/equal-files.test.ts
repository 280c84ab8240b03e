import { linkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { equalFiles } from '../../../src/node/stacks/equal-files.js';
import { temporaryFolder } from '../temporary.js';

const write = (folder: string, files: Record<string, string>) => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return Object.keys(files).map((name) => join(folder, name));
};

it('finds files with the same bytes, in the order of the names', async () => {
  const folder = temporaryFolder();
  const [a, b, c, d, e, f] = write(folder, { a: 'two', b: 'one', c: 'two', d: 'six', e: 'one', f: 'longer' });
  const found = await equalFiles([a!, b!, c!, d!, e!, f!]);
  expect(found).toEqual({
    groups: [
      [a, c],
      [b, e],
    ],
    links: [],
    skipped: [],
  });
});

it('takes hashes that are known for the contents', async () => {
  const folder = temporaryFolder();
  const paths = write(folder, { a: 'one', b: 'two', c: 'six' });
  expect((await equalFiles(paths, ['x', 'y', 'x'])).groups).toEqual([[paths[0], paths[2]]]);
});

it.skipIf(process.platform === 'win32')('takes links of either kind for no copies', async () => {
  const folder = temporaryFolder();
  const [a, copy] = write(folder, { a: 'one', copy: 'one' });
  const [hard, soft] = [join(folder, 'hard'), join(folder, 'soft')];
  linkSync(a!, hard);
  symlinkSync(a!, soft);
  expect(await equalFiles([a!, copy!, hard, soft])).toEqual({
    groups: [[a, copy]],
    links: [
      { path: hard, of: a },
      { path: soft, of: a },
    ],
    skipped: [],
  });
  expect((await equalFiles([a!, hard])).groups).toEqual([]);
});

it('names files that are gone', async () => {
  const folder = temporaryFolder();
  const paths = write(folder, { a: 'one', b: 'one' });
  rmSync(paths[1]!);
  const { groups, skipped } = await equalFiles(paths);
  expect(groups).toEqual([]);
  expect(skipped).toEqual([{ path: paths[1], reason: expect.stringContaining('ENOENT') }]);
});
