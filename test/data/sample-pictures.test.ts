import { samplePictures } from 'simclr-ts/data';
import { describe, expect, it } from 'vitest';

describe('samplePictures', () => {
  it('gives the same pictures for the same arguments, and others for another seed', () => {
    const [first, again, other] = [samplePictures(5), samplePictures(5), samplePictures(5, { seed: 2 })];
    expect(again).toEqual(first);
    expect(other.images.data).not.toEqual(first.images.data);
    expect(samplePictures(3).images.data).toEqual(first.images.data.subarray(0, 3 * 32 * 32 * 3));
  });

  it('gives every class in turn, at the size that is asked for', () => {
    const { images, labels, classNames } = samplePictures(7, { classes: 3, size: 16 });
    expect(images.shape).toEqual([7, 16, 16, 3]);
    expect(Array.from(labels)).toEqual([0, 1, 2, 0, 1, 2, 0]);
    expect(classNames).toEqual(['vertical stripes 0', 'horizontal stripes 1', 'checks 2']);
  });

  it('shows one thing at several places: no two pictures of a class are alike, and their colors are', () => {
    const { images } = samplePictures(24);
    const size = 32 * 32 * 3;
    const picture = (index: number) => images.data.subarray(index * size, (index + 1) * size);
    const span = (index: number) => {
      const red = picture(index).filter((_, i) => i % 3 === 0);
      return [Math.min(...red), Math.max(...red)];
    };
    for (let label = 0; label < 12; label++) {
      expect(picture(label)).not.toEqual(picture(label + 12));
      const [[low, high], [otherLow, otherHigh]] = [span(label), span(label + 12)] as [number[], number[]];
      // The light is from 0.7 to 1.
      expect(otherHigh! / high!).toBeGreaterThan(0.65);
      expect(otherHigh! / high!).toBeLessThan(1.55);
      expect(Math.abs(otherLow! - low!)).toBeLessThan(0.35 * Math.max(high!, otherHigh!));
    }
  });

  it.each([
    [0, {}, /count/],
    [2, { classes: 1 }, /classes/],
    [2, { size: 4 }, /size/],
    [2, { seed: -1 }, /seed/],
    [2, { sides: 3 }, /sides/],
  ])('refuses samplePictures(%j, %j)', (count, options, message) => {
    expect(() => samplePictures(count, options as object)).toThrow(message);
  });
});
