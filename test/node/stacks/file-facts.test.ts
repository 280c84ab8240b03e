import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compareByWorth, exifDate, pictureFacts } from '../../../src/node/stacks/file-facts.js';
import { plain } from '../pictures.js';
import { temporaryFolder } from '../temporary.js';

describe('facts of a picture', () => {
  it('are its size, upright, and when it was taken', async () => {
    const path = join(temporaryFolder(), 'a.jpg');
    const exif = {
      IFD0: { DateTime: '2024:06:01 10:00:00' },
      IFD2: { DateTimeOriginal: '2023:05:04 03:02:01' },
    };
    const bytes = await plain(7, 30, 20)
      .withMetadata({ orientation: 6 })
      .withExifMerge(exif)
      .jpeg()
      .toBuffer();
    writeFileSync(path, bytes);
    expect(await pictureFacts('test', path)).toEqual({
      width: 20,
      height: 30,
      bytes: bytes.length,
      date: '2023-05-04T03:02:01', // the earlier: edited later
    });
  });

  it('have the time of the last change without EXIF data', async () => {
    const path = join(temporaryFolder(), 'a.png');
    writeFileSync(path, await plain(7).png().toBuffer());
    const time = new Date(2022, 1, 3, 4, 5, 6);
    utimesSync(path, time, time);
    expect((await pictureFacts('test', path)).date).toBe('2022-02-03T04:05:06');
  });

  it('are zeros where the file is gone or is no picture', async () => {
    const none = { width: 0, height: 0, bytes: 0, date: '' };
    expect(await pictureFacts('test', join(temporaryFolder(), 'a.png'))).toEqual(none);
  });
});

it('reads dates wherever they stand, and no others', () => {
  const of = (text: string) => exifDate(Buffer.from(text, 'latin1'));
  expect(of('MM\0*\0\0Canon\0 2019:12:31 23:59:59\0 2019:12:31 23:00:00\0')).toBe('2019-12-31T23:00:00');
  expect(of('0000:00:00 00:00:00\0 2019-12-31')).toBeUndefined();
});

it('keeps the most pixels, then the largest file, then the oldest', () => {
  const picture = (width: number, bytes: number, date: string) => ({ width, height: 10, bytes, date });
  const sorted = [
    picture(10, 9, '2024'),
    picture(20, 1, '2024'),
    picture(20, 5, '2024'),
    picture(20, 5, '2023'),
  ].sort(compareByWorth);
  expect(sorted.map(({ width, bytes, date }) => [width, bytes, date])).toEqual([
    [20, 5, '2023'],
    [20, 5, '2024'],
    [20, 1, '2024'],
    [10, 9, '2024'],
  ]);
});
