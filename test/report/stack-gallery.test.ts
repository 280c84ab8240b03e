import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PictureStack, StackedPicture } from 'simclr-ts/node';
import { writeStackGallery } from 'simclr-ts/report';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plain } from '../node/pictures.js';
import { firstUnbalanced } from './balanced.js';

const dangerous = `<img src=x onerror="alert(1)">&'%20#?.png`;
let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'simclr-ts-gallery-'));
  mkdirSync(join(folder, 'photos'));
  for (const name of ['a.png', 'b.png', 'c.png', dangerous]) {
    writeFileSync(join(folder, 'photos', name), await plain(9, 40, 30).png().toBuffer());
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const picture = (name: string, more: Partial<StackedPicture> = {}): StackedPicture => ({
  path: join(folder, 'photos', name),
  keep: false,
  equal: false,
  similarity: 0.9123,
  width: 40,
  height: 30,
  bytes: 1_234_567,
  date: '2024-05-01T12:34:56',
  ...more,
});
const kept = { keep: true, equal: true, similarity: 1 };
const madeStacks = (): PictureStack[] => [
  { level: 'same', shots: [{ similarity: 1, pictures: [picture('a.png', kept), picture('b.png')] }] },
  {
    level: 'copies',
    shots: [{ similarity: 1, pictures: [picture('c.png', kept), picture(dangerous, { equal: true })] }],
  },
  {
    level: 'variants',
    shots: [
      { similarity: 1, pictures: [picture('a.png', kept)] },
      { similarity: 0.8, pictures: [picture('gone.png', kept)] },
    ],
  },
];

async function write(data: Parameters<typeof writeStackGallery>[1]): Promise<string> {
  return readFileSync(await writeStackGallery(join(folder, 'out/stacks.html'), data), 'utf8');
}

describe('the gallery of stacks', () => {
  it('shows each picture with its size, date and what to do with it', async () => {
    const html = await write({
      title: 'Mine',
      stacks: madeStacks(),
      pictures: 1200,
      calibrations: ['from 0.87 on'],
    });
    expect(firstUnbalanced(html)).toBeUndefined();
    expect(html).toContain('3 stacks of 6 files among 1,200 pictures. Nothing was deleted.');
    expect(html).toContain('from 0.87 on');
    expect(html).toContain('<h2>The same picture <span>\u00b7 2 files</span></h2>');
    expect(html).toContain('<h2>Variants <span>\u00b7 2 variants, 2 files</span></h2>');
    expect(html).toContain('40\u00d730 \u00b7 1.2 MB \u00b7 2024-05-01 12:34');
    expect([...html.matchAll(/<span class="role">([^<]*)</g)].map(([, role]) => role)).toEqual([
      'keep',
      'same, 0.91',
      'keep',
      'equal file',
      'variant',
      'variant',
    ]);
    expect(html.match(/<li class="keep">/g)).toHaveLength(2);
    expect(html.match(/src="data:image\/webp;base64,/g)).toHaveLength(5);
    expect(html).toContain('<span>not readable</span>');
    expect(html).toContain('href="../photos/a.png"');
  });

  it('escapes names, in texts, attributes and addresses, and runs no script', async () => {
    const html = await write({ title: '<script>alert(1)</script>', stacks: madeStacks() });
    expect(firstUnbalanced(html)).toBeUndefined();
    expect(html).not.toMatch(/<img src=x|<script/);
    expect(html).toContain('&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;&#39;%20#?.png');
    const [, href] = /href="([^"]*onerror[^"]*)"/.exec(html)!;
    expect(decodeURIComponent(href!.replaceAll('&#39;', "'"))).toBe(`../photos/${dangerous}`);
    expect(href).toContain('%2520%23%3F.png');
    expect(html).toContain(`content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"`);
  });

  it('says when there is nothing, and how much it leaves out', async () => {
    expect(await write({ title: 'None', stacks: [], pictures: 1 })).toContain('No stacks among 1 picture.');
    const large: PictureStack = {
      level: 'same',
      shots: [{ similarity: 1, pictures: Array.from({ length: 1999 }, () => picture('gone.png')) }],
    };
    const html = await write({ title: 'Many', stacks: [large, ...madeStacks()] });
    expect(html).toContain('3 more stacks would make this page slow.');
  });
});
