import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeImage, decodePool } from '../../src/node/index.js';

/** A file, and what it must give or why it must be refused; see make.py. */
type Case = { bytes: string } & (
  | { shape: [number, number, number]; pixels: string; tolerance: number }
  | { reason: string }
);

const fixture: { background: [number, number, number]; cases: Record<string, Case> } = JSON.parse(
  readFileSync(new URL('../fixtures/node/pictures.json', import.meta.url), 'utf8'),
);
const { background } = fixture;
const fromBase64 = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));

/** The largest difference between two pictures. */
function difference(actual: Uint8Array, expected: Uint8Array): number {
  expect(actual).toHaveLength(expected.length);
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i]!)), 0);
}

describe.each(Object.entries(fixture.cases))('%s', (name, one) => {
  const bytes = fromBase64(one.bytes);
  if ('reason' in one) {
    it('is refused with its reason, here and on another thread', async () => {
      await expect(decodeImage(bytes)).rejects.toThrow(one.reason);
      const [result] = await threads([{ name, bytes }]);
      expect((result as Error).message).toContain(one.reason);
    });
    return;
  }
  const { shape, tolerance } = one;
  const pixels = fromBase64(one.pixels);

  it('gives its colors, transparency over the background', async () => {
    const { data, shape: own } = await decodeImage(bytes, { background });
    expect(own).toEqual(shape);
    expect(difference(data, pixels)).toBeLessThanOrEqual(tolerance);
  });

  it('gives the same on another thread', async () => {
    const { data } = await decodeImage(bytes, { background });
    expect(await threads([{ name, bytes }])).toEqual([{ data, shape }]);
  });

  it('has borders of the background, and nothing else changed', async () => {
    const [height, width] = shape;
    const size = [height, width + 6] as const;
    const { data } = await decodeImage(bytes, { background, size, fit: 'contain' });
    const inside: number[] = [];
    for (let i = 0; i < data.length; i += 3) {
      const x = (i / 3) % (width + 6);
      const pixel = [...data.subarray(i, i + 3)];
      if (x < 3 || x >= width + 3) expect(pixel).toEqual(background);
      else inside.push(...pixel);
    }
    expect(difference(Uint8Array.from(inside), pixels)).toBeLessThanOrEqual(tolerance);
  });
});

const threads = decodePool({ workers: 1, background });
afterAll(() => threads.close());

describe('pictures that only sharp writes', () => {
  const color = { r: 150, g: 90, b: 60 };
  const plain = () => sharp({ create: { width: 4, height: 3, channels: 3, background: color } });

  it.each(['lab', 'cmyk', 'rgb16', 'scrgb'] as const)('%s TIFF', async (space) => {
    const bytes = await plain().toColourspace(space).tiff({ compression: 'none' }).toBuffer();
    const { data } = await decodeImage(bytes, { size: [3, 10], fit: 'contain', background });
    expect([...data.subarray(0, 3)]).toEqual(background);
    const middle = [...data.subarray(15, 18)];
    const expected = [color.r, color.g, color.b];
    expect(difference(Uint8Array.from(middle), Uint8Array.from(expected))).toBeLessThanOrEqual(
      space === 'cmyk' ? 25 : 1,
    );
  });
});
