import { add, clone, concat, slice, type Tensor4D } from '@tensorflow/tfjs-core';
import {
  augment,
  centerCrop,
  cifar10Mean,
  cifar10Std,
  colorJitter,
  compose,
  type DescribedTransform,
  denormalize,
  evaluationTransform,
  gaussianBlur,
  imagenetMean,
  imagenetStd,
  normalize,
  randomApply,
  randomGrayscale,
  randomHorizontalFlip,
  randomResizedCrop,
  resize,
  simclrAugmentation,
  solarize,
  type Transform,
  type TransformConfig,
  transformFromConfig,
} from 'simclr-ts/augmentations';
import { InvalidOptionError, ShapeError } from 'simclr-ts/errors';
import { batchRandom, randomGenerator } from 'simclr-ts/random';
import { describe, expect, it } from 'vitest';
import torchvision from '../fixtures/augmentations/torchvision.json' with { type: 'json' };
import { expectClose } from '../helpers/close.js';
import { expectTensors } from '../helpers/leaks.js';
import { byPicture, coloredPictures, pictures } from './pictures.js';

const brighter: Transform<null> = {
  name: 'brighter',
  sample: () => null,
  apply: (images) => add<Tensor4D>(images, 1),
};

describe('randomApply', () => {
  it('leaves the pictures that are not selected bit for bit', async () => {
    const images = pictures('apply', 3, 6, 5);
    const sigma = new Float32Array([1, 1.5, 2]);
    const blur = gaussianBlur({ kernelSize: 3 });
    const transform = randomApply(blur, { probability: 0.5 });
    const result = await expectTensors(1, () =>
      transform.apply(images, { selected: new Uint8Array([1, 0, 1]), inner: { sigma } }),
    );
    const blurred = await byPicture(blur.apply(images, { sigma }));
    const originals = await byPicture(images);
    expect(await byPicture(result)).toEqual([blurred[0], originals[1], blurred[2]]);
  });

  it('runs the inner transform on no picture when none is selected', async () => {
    const images = pictures('apply', 2, 3, 3);
    let calls = 0;
    const counting: Transform<null> = {
      name: 'counting',
      sample: () => null,
      apply: (all) => {
        calls++;
        return clone(all);
      },
    };
    const transform = randomApply(counting, { probability: 0.5 });
    const none = await expectTensors(1, () =>
      transform.apply(images, { selected: new Uint8Array(2), inner: null }),
    );
    expect(await none.data()).toEqual(await images.data());
    expect(calls).toBe(0);
    await expectTensors(1, () => transform.apply(images, { selected: new Uint8Array([1, 1]), inner: null }));
    expect(calls).toBe(1);
  });

  it('refuses a wrong probability, batch size and selection', () => {
    expect(() => randomApply(solarize(), { probability: Number.NaN })).toThrow(InvalidOptionError);
    const transform = randomApply(solarize(), { probability: 1 });
    expect(() => transform.sample(0, randomGenerator(0))).toThrow('randomApply: batchSize must be');
    const images = pictures('apply', 2, 3, 3);
    expect(() => transform.apply(images, { selected: new Uint8Array(1), inner: null })).toThrow(ShapeError);
  });

  it('refuses a transform that changes the size', async () => {
    const images = pictures('apply', 2, 3, 3);
    const transform = randomApply(resize({ size: 2 }), { probability: 0.5 });
    for (const selected of [new Uint8Array([0, 1]), new Uint8Array([1, 1])]) {
      await expectTensors(0, () => {
        expect(() => transform.apply(images, { selected, inner: null })).toThrow(
          'randomApply: images and result of resize must have the same shape.',
        );
      });
    }
  });
});

describe('compose', () => {
  const parts = [
    randomResizedCrop({ size: [6, 7] }),
    randomHorizontalFlip(),
    gaussianBlur({ kernelSize: 3 }),
  ] as const;

  it('is its parts one after the other, part t on the streams fold(t)', async () => {
    const images = pictures('compose', 3, 9, 8);
    const random = randomGenerator(4);
    const result = await expectTensors(1, () => augment(compose(parts), images, random));
    const cropped = parts[0].apply(images, parts[0].sample(3, random.fold(0), [9, 8]));
    const flipped = parts[1].apply(cropped, parts[1].sample(3, random.fold(1)));
    const blurred = parts[2].apply(flipped, parts[2].sample(3, random.fold(2)));
    expect(await result.data()).toEqual(await blurred.data());
  });

  it('hands the sizes along', () => {
    const composed = compose([centerCrop({ size: [8, 10] }), randomResizedCrop({ size: 4 })]);
    expect(composed.outputSize?.([30, 40])).toEqual([4, 4]);
    expect(composed.sample(1, randomGenerator(0), [30, 40])[1]).toMatchObject({ imageSize: [8, 10] });
  });

  it('of nothing changes nothing', async () => {
    const images = pictures('compose', 1, 2, 2);
    const result = await expectTensors(1, () => augment(compose([]), images, randomGenerator(0)));
    expect(await result.data()).toEqual(await images.data());
  });

  it('leaves nothing behind when a part throws', async () => {
    const images = pictures('compose', 1, 4, 4);
    const broken = compose([resize({ size: 3 }), normalize({ mean: [0], std: [1] })]);
    await expectTensors(0, () => {
      expect(() => augment(broken, images, randomGenerator(0))).toThrow(ShapeError);
    });
  });

  it('refuses what is not a transform, and parameters of another', () => {
    expect(() => compose([undefined as never])).toThrow(InvalidOptionError);
    expect(() => compose('flip' as never)).toThrow('compose: transforms must be an array of transforms.');
    const images = pictures('compose', 1, 4, 4);
    expect(() => compose([solarize()]).apply(images, [])).toThrow(
      'compose: parameters must have one entry per transform (1). Received: parameters of length 0.',
    );
    expect(() => augment(solarize(), undefined as never, randomGenerator(0))).toThrow(
      'augment: images must be a tensor of shape [batch, height, width, channels]',
    );
  });
});

describe('a custom transform that returns the pictures it was given', () => {
  const unchanged: Transform<null> = {
    name: 'unchanged',
    sample: () => null,
    apply: (images) => images,
  };
  const selected = { selected: new Uint8Array([1, 1]), inner: null };

  it.each<[string, (images: Tensor4D) => Tensor4D]>([
    ['alone', (images) => augment(unchanged, images, randomGenerator(0))],
    ['first', (images) => compose([unchanged, solarize()]).apply(images, [null, null])],
    ['in the middle', (images) => compose([brighter, unchanged, brighter]).apply(images, [null, null, null])],
    ['last', (images) => compose([brighter, unchanged]).apply(images, [null, null])],
    ['only', (images) => compose([unchanged, unchanged]).apply(images, [null, null])],
    ['of all pictures', (images) => randomApply(unchanged, { probability: 1 }).apply(images, selected)],
  ])('%s: the result is new and the pictures stay', async (_, change) => {
    const images = pictures('unchanged', 2, 3, 4);
    const values = (await images.data()).slice();
    const result = await expectTensors(1, () => change(images));
    expect(result).not.toBe(images);
    expect(result.shape).toEqual(images.shape);
    result.dispose();
    expect(images.isDisposed).toBe(false);
    expectClose(await images.data(), values, {}); // textures of 16 bits round what they take
  });
});

describe('normalize', () => {
  it('as torchvision, and denormalize undoes it', async () => {
    const images = coloredPictures();
    const options = { mean: imagenetMean, std: imagenetStd };
    const result = await expectTensors(1, () => normalize(options).apply(images, null));
    expectClose(await result.data(), torchvision.normalize, { absolute: 2e-6 });
    expectClose(await denormalize(options).apply(result, null).data(), await images.data(), {
      absolute: 1e-6,
    });
  });

  it('refuses lists that do not fit', () => {
    expect(() => normalize({ mean: [], std: [] })).toThrow(
      'normalize: mean must be an array of finite numbers',
    );
    expect(() => normalize({ mean: [0.5], std: [1, 1] })).toThrow(InvalidOptionError);
    expect(() => denormalize({ mean: [0.5], std: [0] })).toThrow(
      'denormalize: std must be an array of 1 numbers > 0. Received: std=[0].',
    );
    expect(() =>
      normalize({ mean: cifar10Mean, std: cifar10Std }).apply(pictures('x', 1, 2, 2, 1), null),
    ).toThrow('normalize: images must have 3 channels, as mean has. Received: images=[1,2,2,1].');
  });
});

describe('simclrAugmentation', () => {
  const augmentation = simclrAugmentation({ size: 12, blur: { kernelSize: 3 } });
  const images = () => pictures('simclr', 4, 16, 14);
  const view = (indices: number[], epoch = 0, number = 0) =>
    batchRandom({ seed: 5, epoch, indices, view: number });

  it('gives views of the size in [0, 1] and keeps nothing', async () => {
    const batch = images();
    for (const convention of ['torchvision', 'tf'] as const) {
      const transform = simclrAugmentation({ size: [12, 10], convention });
      const result = await expectTensors(1, () => augment(transform, batch, randomGenerator(9)));
      expect(result.shape).toEqual([4, 12, 10, 3]);
      expect(transform.outputSize?.([16, 14])).toEqual([12, 10]);
      const values = await result.data();
      expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...values)).toBeLessThanOrEqual(1);
    }
  });

  it('is the paper in its order', async () => {
    const random = randomGenerator(1);
    const transform = compose([
      randomResizedCrop({ size: 12, interpolation: 'bicubic' }),
      randomHorizontalFlip(),
      randomApply(colorJitter({ strength: 0.5, convention: 'tf' }), { probability: 0.8 }),
      randomGrayscale(),
      randomApply(gaussianBlur({ padding: 'zero' }), { probability: 0.5 }),
      normalize({ mean: cifar10Mean, std: cifar10Std }),
    ]);
    const preset = simclrAugmentation({
      size: 12,
      strength: 0.5,
      convention: 'tf',
      normalization: { mean: cifar10Mean, std: cifar10Std },
    });
    const batch = images();
    expect(await augment(preset, batch, random).data()).toEqual(
      await augment(transform, batch, random).data(),
    );
  });

  it('is replayed by the same streams and changed by view and epoch', async () => {
    const batch = images();
    const indices = [3, 1, 4, 15];
    const first = await augment(augmentation, batch, view(indices)).data();
    expect(await augment(augmentation, batch, view(indices)).data()).toEqual(first);
    expect(await augment(augmentation, batch, view(indices, 0, 1)).data()).not.toEqual(first);
    expect(await augment(augmentation, batch, view(indices, 1)).data()).not.toEqual(first);
  });

  it('gives a picture the same view whatever its neighbors', async () => {
    const batch = images();
    const whole = await byPicture(augment(augmentation, batch, view([3, 1, 4, 15])));
    const order = [2, 0, 3];
    const reordered = concat(order.map((row) => slice(batch, [row, 0, 0, 0], [1, -1, -1, -1])));
    const part = await byPicture(augment(augmentation, reordered, view([4, 3, 15])));
    order.forEach((source, row) => {
      expectClose(part[row]!, whole[source]!, { absolute: 1e-6 });
    });
  });

  it('draws from other streams with blur off, but the same crops and colors', () => {
    const parameters = augmentation.sample(4, randomGenerator(2), [16, 14]);
    const withoutBlur = simclrAugmentation({ size: 12, blur: false }).sample(4, randomGenerator(2), [16, 14]);
    expect(withoutBlur).toHaveLength(4);
    expect(withoutBlur).toEqual(parameters.slice(0, 4));
  });

  it('passes the errors of its parts on', () => {
    expect(() => simclrAugmentation({ size: 0 })).toThrow('simclrAugmentation: size must be');
    expect(() => simclrAugmentation({ flipProbability: 3 })).toThrow(InvalidOptionError);
    expect(() => simclrAugmentation({ strength: 4 })).toThrow('colorJitter: strength * hue must be');
  });
});

describe('evaluationTransform', () => {
  it('resizes, and cuts the middle where asked', async () => {
    const batch = pictures('evaluation', 2, 16, 20);
    const whole = augment(evaluationTransform({ size: 8 }), batch, randomGenerator(0));
    expect(await whole.data()).toEqual(await resize({ size: 8 }).apply(batch, null).data());
    const middle = augment(
      evaluationTransform({ size: 7, cropProportion: 0.875 }),
      batch,
      randomGenerator(0),
    );
    expect(await middle.data()).toEqual(await centerCrop({ size: 7 }).apply(whole, null).data());
  });

  it('refuses a proportion outside (0, 1]', () => {
    expect(() => evaluationTransform({ cropProportion: 0 })).toThrow(InvalidOptionError);
    expect(() => evaluationTransform({ cropProportion: 1.5 })).toThrow(InvalidOptionError);
  });
});

describe('transformFromConfig', () => {
  const described: DescribedTransform<unknown>[] = [
    randomResizedCrop({ size: 5, scale: [0.3, 0.9], interpolation: 'bicubic', antialias: false }),
    resize({ size: [5, 6] }),
    centerCrop({ size: 4 }),
    randomHorizontalFlip({ probability: 0.7 }),
    colorJitter({ strength: 0.5, convention: 'tf' }),
    randomGrayscale({ probability: 0.6 }),
    gaussianBlur({ kernelSize: 3, padding: 'zero' }),
    gaussianBlur(),
    solarize({ threshold: 0.4 }),
    randomApply(solarize(), { probability: 0.5 }),
    compose([randomHorizontalFlip(), randomApply(gaussianBlur(), { probability: 0.2 })]),
    normalize({ mean: imagenetMean, std: imagenetStd }),
    denormalize({ mean: imagenetMean, std: imagenetStd }),
    simclrAugmentation({ size: 6, blur: false, jitter: { hue: 0.1 } }),
    simclrAugmentation({ size: 6, convention: 'tf', normalization: { mean: cifar10Mean, std: cifar10Std } }),
    evaluationTransform({ size: 6, cropProportion: 0.8 }),
  ];

  it.each(described.map((transform) => [transform.name, transform] as const))(
    'rebuilds %s from JSON',
    async (_, transform) => {
      const stored = JSON.parse(JSON.stringify(transform.config)) as TransformConfig;
      expect(stored).toEqual(transform.config); // nothing is lost in JSON
      const again = transformFromConfig(stored);
      expect(again.config).toEqual(transform.config);
      const images = pictures('config', 2, 7, 8);
      expect(await augment(again, images, randomGenerator(1)).data()).toEqual(
        await augment(transform, images, randomGenerator(1)).data(),
      );
    },
  );

  it('reads the name of an earlier version, also inside others', () => {
    const inner = (field: string) => [
      { name: 'colorJitter', options: { strength: 0.5, [field]: 'tf' } },
      { name: 'randomApply', options: { probability: 0.5, transform: { name: 'colorJitter', options: {} } } },
      {
        name: 'randomApply',
        options: {
          probability: 0.5,
          transform: { name: 'simclrAugmentation', options: { [field]: 'tf', size: 8 } },
        },
      },
    ];
    const config = (field: string) => ({ name: 'compose', options: { transforms: inner(field) } });
    const again = transformFromConfig(config('semantics'));
    expect(again.config).toEqual(transformFromConfig(config('convention')).config);
    expect(JSON.stringify(again.config)).toContain('"convention":"tf"');
    expect(() => colorJitter({ semantics: 'tf' } as never)).toThrow(/Received: options\.semantics/);
  });

  it('builds transforms of one’s own, also inside others', async () => {
    const config = {
      name: 'compose',
      options: { transforms: [{ name: 'brighter', options: {} }, solarize().config] },
    };
    const images = pictures('config', 1, 2, 2);
    const built = transformFromConfig(config, { brighter: () => brighter });
    expect(built.config).toBeUndefined();
    expect(await augment(built, images, randomGenerator(0)).data()).toEqual(
      await augment(compose([brighter, solarize()]), images, randomGenerator(0)).data(),
    );
    expect(randomApply(brighter, { probability: 1 }).config).toBeUndefined();
  });

  it('refuses unknown names and damaged options', () => {
    expect(() => transformFromConfig({ name: 'rotate', options: {} })).toThrow(
      /^transformFromConfig: name must be one of centerCrop, .*Received: name="rotate"\.$/,
    );
    expect(() => transformFromConfig({ name: 'toString', options: {} })).toThrow(InvalidOptionError);
    expect(() => transformFromConfig(undefined as never)).toThrow(InvalidOptionError);
    expect(() => transformFromConfig({ name: 'compose', options: {} })).toThrow(InvalidOptionError);
    expect(() => transformFromConfig({ name: 'randomApply', options: {} })).toThrow(InvalidOptionError);
    expect(() => transformFromConfig({ name: 'resize', options: {} })).toThrow(InvalidOptionError);
  });
});
