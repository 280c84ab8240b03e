import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataError, InvalidOptionError } from '../../src/errors/index.js';
import { readKeywords, writeSidecar } from '../../src/node/index.js';
import { keywordsOfIPTC } from '../../src/node/keywords/iptc-keywords.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'simclr-ts-keywords-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const picture = () => sharp({ create: { width: 20, height: 10, channels: 3, background: 'teal' } });
const write = (name: string, bytes: Buffer | string) => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};

/** XMP with other prefixes than the usual ones, as is allowed. */
const foreign = (lists: string) => `<?xpacket begin="\uFEFF" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<r:Description r:about="" xmlns:d="http://purl.org/dc/elements/1.1/" xmlns:k="http://www.digikam.org/ns/1.0/"
 xmlns:l="http://ns.adobe.com/lightroom/1.0/">${lists}</r:Description></r:RDF></x:xmpmeta><?xpacket end="w"?>`;
const bag = (...items: string[]) => `<r:Bag>${items.map((item) => `<r:li>${item}</r:li>`).join('')}</r:Bag>`;

/** An IPTC data set. */
const dataset = (record: number, number: number, value: Uint8Array | string) => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([0x1c, record, number, bytes.length >> 8, bytes.length & 255]), bytes]);
};

/** A JPEG with IPTC data in the resources of Photoshop, where programs put them. */
async function withIPTC(records: Buffer): Promise<Buffer> {
  const jpeg = await picture().jpeg().toBuffer();
  const size = Buffer.alloc(4);
  size.writeUInt32BE(records.length);
  const resource = Buffer.concat([
    Buffer.from('Photoshop 3.0\0', 'latin1'),
    Buffer.from('8BIM', 'latin1'),
    Buffer.from([0x04, 0x04, 0, 0]),
    size,
    records,
    Buffer.alloc(records.length % 2),
  ]);
  const head = Buffer.from([0xff, 0xed, 0, 0]);
  head.writeUInt16BE(resource.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, resource, jpeg.subarray(2)]);
}

describe('readKeywords', () => {
  it.each(['jpeg', 'png', 'webp', 'tiff', 'avif'] as const)(
    'reads XMP in a %s, whatever its prefixes',
    async (format) => {
      const xmp = foreign(
        `<d:subject>${bag('animals', 'cat', 'Tom &amp; Jerry', '007', '猫')}</d:subject>` +
          `<l:hierarchicalSubject>${bag('animals|cat')}</l:hierarchicalSubject>`,
      );
      const path = write(`x.${format}`, await picture().withXmp(xmp)[format]().toBuffer());
      expect(await readKeywords(path)).toEqual(['animals/cat', 'Tom & Jerry', '007', '猫']);
    },
  );

  it('reads IPTC, in UTF-8 and in the old code page', async () => {
    const old = Buffer.concat([
      dataset(2, 25, Buffer.from([0x4d, 0xfc, 0x6c, 0x6c])),
      dataset(2, 5, 'title'),
    ]);
    expect(await readKeywords(write('old.jpg', await withIPTC(old)))).toEqual(['Müll']);
    const utf8 = Buffer.concat([dataset(1, 90, '\u001b%G'), dataset(2, 25, 'Müll'), dataset(2, 25, '猫')]);
    expect(await readKeywords(write('utf8.jpg', await withIPTC(utf8)))).toEqual(['Müll', '猫']);
  });

  it('prefers the sidecar, the one with the whole name first', async () => {
    const inFile = foreign(`<d:subject>${bag('in the file')}</d:subject>`);
    const path = write('both.jpg', await picture().withXmp(inFile).jpeg().toBuffer());
    write('both.xmp', foreign(`<k:TagsList>${bag('short/name')}</k:TagsList>`));
    expect(await readKeywords(path)).toEqual(['short/name']);
    write('both.jpg.xmp', foreign(''));
    expect(await readKeywords(path)).toEqual([]);
  });

  it('has none where there are none', async () => {
    expect(await readKeywords(write('plain.png', await picture().png().toBuffer()))).toEqual([]);
  });

  it('names what it cannot read', async () => {
    const broken = write('broken.jpg', 'not a picture');
    for (const path of [broken, join(folder, 'nowhere.jpg')]) {
      const call = readKeywords(path);
      await expect(call).rejects.toThrow(/^readKeywords: the picture must be readable\. Received: path=/);
      await expect(call).rejects.toBeInstanceOf(DataError);
      await expect(call).rejects.toMatchObject({ path });
    }
    const path = write('wrong.png', await picture().png().toBuffer());
    const sidecar = write('wrong.png.xmp', '<x:xmpmeta>');
    await expect(readKeywords(path)).rejects.toMatchObject({ name: 'DataError', path: sidecar });
  });
});

describe('keywordsOfIPTC', () => {
  it('stops at what is cut off', () => {
    const records = Buffer.concat([dataset(2, 25, 'cat'), dataset(2, 25, 'a long keyword')]);
    expect(keywordsOfIPTC(records.subarray(0, -3))).toEqual(['cat']);
    expect(keywordsOfIPTC(Buffer.from([0x1c, 2, 25, 0x80, 4, 0, 0, 0, 1]))).toEqual([]);
    expect(keywordsOfIPTC(new Uint8Array())).toEqual([]);
  });
});

describe('writeSidecar', () => {
  it('writes what readKeywords reads, and leaves the picture as it is', async () => {
    const bytes = await picture().jpeg().toBuffer();
    const path = write('new.jpg', bytes);
    const names = ['animals/cat', 'Müll & <Eimer>', '猫', 'كلب'];
    expect(await writeSidecar(path, names)).toBe(`${path}.xmp`);
    expect(await readKeywords(path)).toEqual(names);
    expect(readFileSync(path)).toEqual(bytes);
    const text = readFileSync(`${path}.xmp`, 'utf8');
    expect(text).toContain('<rdf:li>animals|cat</rdf:li>');
    expect(text).toContain('<rdf:li>animals/cat</rdf:li>');
    expect(text).toContain('<rdf:li>cat</rdf:li>');
  });

  it('never changes one that is there', async () => {
    const path = write('edited.jpg', await picture().jpeg().toBuffer());
    const sidecar = write('edited.jpg.xmp', 'edits of another program');
    const call = writeSidecar(path, ['cat']);
    await expect(call).rejects.toThrow(/edited\.jpg\.xmp" \(it is there already, and stays as it is\)/);
    await expect(call).rejects.toMatchObject({ name: 'DataError', path: sidecar });
    expect(readFileSync(sidecar, 'utf8')).toBe('edits of another program');
  });

  it('may be called as Lightroom expects it', async () => {
    const path = write('raw.dng', 'raw');
    expect(await writeSidecar(path, ['cat'], { naming: 'replace' })).toBe(join(folder, 'raw.xmp'));
    expect(existsSync(join(folder, 'raw.xmp'))).toBe(true);
  });

  it('names what it cannot write', async () => {
    await expect(writeSidecar('/dev/null/cat.jpg', ['cat'])).rejects.toThrow(/not a directory/);
  });

  it.each([[[]], [['']], [['a//b']], [['\u0007']], [['\uD800']], ['cat']])(
    'refuses the keywords %j',
    async (keywords) => {
      const call = writeSidecar('cat.jpg', keywords as string[]);
      await expect(call).rejects.toThrow(/keywords must be at least one text/);
      await expect(call).rejects.toBeInstanceOf(InvalidOptionError);
    },
  );
});
