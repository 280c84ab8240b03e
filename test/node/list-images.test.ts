import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { pictureEnding } from '../../examples/studio/shared/pictures.js';
import { pictureExtensions } from '../../src/data/formats/web-dataset.js';
import { imageFolder, readImageFolder } from '../../src/node/index.js';
import { pictureEndings } from '../../src/node/pictures/list-images.js';
import { runJSON } from '../cli/run-cli.js';
import { writeNumbered } from './pictures.js';
import { temporaryFolder } from './temporary.js';

/** Names that a folder is listed with, and its classes. */
async function listed(folder: string, options: { recursive?: boolean } = {}) {
  const { paths, classNames } = await imageFolder(folder, { size: 2, ...options });
  return { names: paths.map((path) => relative(folder, path)), classNames };
}

describe('endings', () => {
  it('are those of the formats that the decoder reads, everywhere', async () => {
    const endings = await pictureEndings('test');
    for (const ending of ['.jpg', '.jpe', '.jfif', '.svgz', '.avif']) expect(endings).toContain(ending);
    expect(pictureExtensions.map((extension) => `.${extension}`).sort()).toEqual(endings.sort());
    // Browsers read neither TIFF nor, in a worker, SVG.
    const ofBrowsers = endings.filter((ending) => !/^\.(tiff?|svgz?|svg\.gz)$/.test(ending));
    expect(ofBrowsers.filter((ending) => !pictureEnding.test(`1${ending}`))).toEqual([]);
  });

  it('are found in any case, and what they end is read', async () => {
    const folder = temporaryFolder();
    const picture = () => sharp({ create: { width: 4, height: 4, channels: 3, background: '#123456' } });
    const jpeg = await picture().jpeg().toBuffer();
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><rect width="4" height="4"/></svg>';
    const names = ['1.jfif', '2.JPE', '3.Svg', '4.TIFF'];
    const contents = [jpeg, jpeg, svg, await picture().tiff().toBuffer()];
    for (const [i, name] of names.entries()) writeFileSync(join(folder, name), contents[i]!);
    writeFileSync(join(folder, 'jpg'), jpeg);
    const { paths, skipped } = await readImageFolder(folder, { size: 2 });
    expect(paths.map((path) => relative(folder, path))).toEqual(names);
    expect(skipped).toEqual([]);
  });
});

describe('links', () => {
  it('count with their file as one picture, under its own name', async () => {
    const folder = temporaryFolder();
    await writeNumbered(folder, ['b/1.png', 'b/2.png', 'c/3.png']);
    symlinkSync(join(folder, 'b/1.png'), join(folder, 'c/0.png'));
    symlinkSync(join(folder, 'b'), join(folder, 'a'));
    expect(await listed(folder)).toEqual({
      names: ['b/1.png', 'b/2.png', 'c/3.png'],
      classNames: ['b', 'c'],
    });
  });

  it('stand for files elsewhere, the first in the order of names', async () => {
    const [folder, elsewhere] = [temporaryFolder(), temporaryFolder()];
    await writeNumbered(elsewhere, ['x/1.png', 'x/2.png', 'x/y/3.png', 'blob']);
    for (const name of ['n', 'm']) mkdirSync(join(folder, name));
    symlinkSync(join(elsewhere, 'x/2.png'), join(folder, 'n/first.png'));
    symlinkSync(join(elsewhere, 'x/2.png'), join(folder, 'm/second.png'));
    symlinkSync(join(elsewhere, 'blob'), join(folder, 'm/blob.png'));
    symlinkSync(join(elsewhere, 'x/y'), join(folder, 'w'));
    symlinkSync(join(elsewhere, 'x'), join(folder, 'z'));
    const { names } = await listed(folder);
    expect(names).toEqual(['m/blob.png', 'm/second.png', 'w/3.png', 'z/1.png']);
    expect((await listed(join(folder, 'z'))).names).toEqual(['1.png', '2.png', 'y/3.png']);
    symlinkSync(join(elsewhere, 'x/1.png'), join(folder, 'top.png'));
    expect((await listed(folder, { recursive: false })).names).toEqual(['top.png']);
  });

  it('in circles end, and so do many that cross', async () => {
    const folder = temporaryFolder();
    const names = Array.from({ length: 12 }, (_, i) => `${String.fromCharCode(97 + i)}/${i}.png`);
    await writeNumbered(folder, names);
    for (const a of names)
      for (const b of names) symlinkSync(join(folder, b[0]!), join(folder, a[0]!, `to-${b[0]}`));
    symlinkSync(folder, join(folder, 'all'));
    symlinkSync(join(folder, 'itself.png'), join(folder, 'itself.png'));
    const { paths, skipped } = await readImageFolder(folder, { size: 2 });
    expect(paths.map((path) => relative(folder, path))).toEqual(names);
    expect(skipped).toMatchObject([
      { path: join(folder, 'itself.png'), reason: expect.stringContaining('ELOOP') },
    ]);
  });

  it('of the hard kind are files of their own', async () => {
    const folder = temporaryFolder();
    await writeNumbered(folder, ['1.png']);
    linkSync(join(folder, '1.png'), join(folder, '2.png'));
    expect((await listed(folder)).names).toEqual(['1.png', '2.png']);
  });

  it('are no duplicates for the command line', async () => {
    const folder = temporaryFolder();
    await writeNumbered(folder, ['photos/1.png', 'photos/2.png']);
    symlinkSync('1.png', join(folder, 'photos/0.png'));
    symlinkSync('.', join(folder, 'photos/again'));
    const { json } = await runJSON(['duplicates', 'photos', '--exact'], { cwd: folder });
    expect(json).toMatchObject({ pictures: 2, exact: [] });
  });
});

it.skipIf(process.platform === 'win32')('a pipe with the name of a picture is passed over', async () => {
  const folder = temporaryFolder();
  await writeNumbered(folder, ['1.png']);
  execFileSync('mkfifo', [join(folder, '2.png')]);
  expect((await listed(folder)).names).toEqual(['1.png']);
});
