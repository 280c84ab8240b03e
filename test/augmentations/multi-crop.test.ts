import { multiCropAugmentation, simclrAugmentation } from 'simclr-ts/augmentations';
import { describe, expect, it } from 'vitest';

const optionsOf = (transforms: ReturnType<typeof multiCropAugmentation>) =>
  transforms.map(({ config }) => config.options as { size: number[]; scale: number[]; blur: unknown });

describe('multiCropAugmentation', () => {
  it('has two large crops and six small ones of 3/7 of their size, as SwAV and DINO at 224', () => {
    const made = optionsOf(multiCropAugmentation({ size: 224 }));
    expect(made.map(({ size }) => size[0])).toEqual([224, 224, 96, 96, 96, 96, 96, 96]);
    expect(made[0]!.scale).toEqual([0.4, 1]);
    expect(made[2]!.scale).toEqual([0.05, 0.4]);
  });

  it.each([
    [96, 40],
    [64, 24],
    [32, 16],
    [16, 8],
    [8, 8],
    [5, 5],
  ])('small crops for %i pixels have %i', (size, small) => {
    expect(optionsOf(multiCropAugmentation({ size }))[2]!.size).toEqual([small, small]);
  });

  it('is made of simclrAugmentation', () => {
    const shared = { strength: 0.5, blur: false, grayscaleProbability: 0.1 } as const;
    const [first, second, third, fourth, ...none] = multiCropAugmentation({
      ...shared,
      size: [32, 24],
      scale: [0.14, 1],
      small: { views: 2, size: 12, blur: true, flipProbability: 0 },
    });
    expect(none).toEqual([]);
    expect(first).toBe(second);
    expect(third).toBe(fourth);
    expect(first!.config).toEqual(simclrAugmentation({ ...shared, size: [32, 24], scale: [0.14, 1] }).config);
    const small = { ...shared, size: 12, scale: [0.05, 0.14], blur: true, flipProbability: 0 } as const;
    expect(third!.config).toEqual(simclrAugmentation(small).config);
  });

  it('refuses options outside their domain', () => {
    expect(() => multiCropAugmentation({ size: 32, small: { size: 40 } })).toThrow(
      'small.size must be at most the size of the large crops. Received: small.size=[40,40], size=[32,32].',
    );
    expect(() => multiCropAugmentation({ small: { views: 0 } })).toThrow(
      'small.views must be an integer >= 1',
    );
    expect(() => multiCropAugmentation({ views: 3 } as never)).toThrow('options.views');
    expect(() => multiCropAugmentation({ small: { crops: 3 } as never })).toThrow('small.crops');
    expect(() => multiCropAugmentation({ small: 4 as never })).toThrow('small must be an object');
  });
});
