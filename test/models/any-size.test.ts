import { type Tensor, type Tensor4D, tidy, zeros } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, it } from 'vitest';
import type { ImageArray } from '../../src/data/index.js';
import { encoderStages, fitReadout, initializeFromImages, Readout } from '../../src/features/index.js';
import {
  mobileNetV2,
  type PictureShape,
  resnet18,
  resnet50,
  setTorchvisionWeights,
} from '../../src/models/index.js';
import mobile from '../fixtures/models/mobilenet.json' with { type: 'json' };
import residual from '../fixtures/models/resnet.json' with { type: 'json' };
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { expectTorchvision } from './compare.js';
import { filled, hashedWeight } from './fill.js';

const open = [null, null, 3] as const;
const made: LayersModel[] = [];
const keep = (model: LayersModel) => {
  made.push(model);
  return model;
};

afterEach(() => {
  for (const model of made.splice(0)) model.dispose();
});

const builders = { resnet18, resnet50 };

describe('a network of any size', () => {
  const narrow = residual.narrow.filter(({ architecture }) => architecture in builders);
  it.each(narrow)('$architecture, $stem stem, $size pixels: as torchvision', async (item) => {
    const { architecture, width, stem } = item;
    const build = builders[architecture as 'resnet18'];
    const model = keep(build({ inputShape: open, width, stem: stem as 'imagenet' }));
    setTorchvisionWeights(model, hashedWeight);
    await expectTorchvision(model, item);
  });

  it.each(mobile.narrow)('mobileNetV2, $size pixels: as torchvision', async (item) => {
    const { width, stem } = item;
    const model = keep(mobileNetV2({ inputShape: open, widthMultiplier: width, stem: stem as 'imagenet' }));
    setTorchvisionWeights(model, hashedWeight);
    await expectTorchvision(model, item);
  });

  const stems = ['imagenet', 'small'] as const;
  const small = stems.flatMap((stem) => [
    [`resnet18, ${stem}`, (inputShape: PictureShape) => resnet18({ inputShape, stem, width: 2 })] as const,
    [`resnet50, ${stem}`, (inputShape: PictureShape) => resnet50({ inputShape, stem, width: 2 })] as const,
    [
      `mobileNetV2, ${stem}`,
      (inputShape: PictureShape) => mobileNetV2({ inputShape, stem, widthMultiplier: 0.25 }),
    ] as const,
  ]);
  it.each(small)(
    '%s: from one pixel on, as the network of that size, in inference and in training',
    (_, build) => {
      for (const [height, width] of [
        [1, 1],
        [2, 5],
        [9, 4],
        [17, 17],
      ] as const) {
        const [any, fixed] = [keep(build(open)), keep(build([height, width, 3]))];
        for (const model of [any, fixed]) setTorchvisionWeights(model, hashedWeight);
        tidy(() => {
          const x = filled('pictures', [2, height, width, 3]) as Tensor4D;
          for (const training of [false, true]) {
            const [actual, expected] = [any, fixed].map((model) =>
              (model.apply(x, { training }) as Tensor).dataSync(),
            );
            expect(actual).toEqual(expected);
          }
        });
      }
    },
  );

  it('has one axis open where only one is null', () => {
    const model = keep(resnet18({ inputShape: [null, 8, 3], width: 2, stem: 'small' }));
    expect(model.inputs[0]!.shape).toEqual([null, null, 8, 3]);
    expect(() => resnet18({ inputShape: [8, 8, null] as never })).toThrow(/inputShape must be an integer/);
  });

  it('says so where pictures are smaller than a window', () => {
    const stem = { kernelSize: 7, strides: 2, pool: false, padding: 0 };
    const model = keep(resnet18({ inputShape: open, width: 2, stem }));
    tidy(() => {
      expect((model.apply(zeros([1, 7, 7, 3])) as Tensor).shape).toEqual([1, 16]);
      expect(() => model.apply(zeros([1, 6, 9, 3]))).toThrow(
        'The pictures are too small for the network: a window of 7 pixels must fit into the padded maps. Received: maps of 6 pixels',
      );
    });
    expect(() => resnet18({ inputShape: [6, 9, 3], width: 2, stem })).toThrow('too small for the network');
  });
});

describe('encoderStages of a network of any size', () => {
  it('are those of a network of that size', () => {
    const [any, fixed] = [open, [32, 24, 3] as const].map((inputShape) =>
      keep(resnet18({ inputShape, width: 2 })),
    );
    expect(encoderStages(any!, { size: [32, 24] })).toEqual(encoderStages(fixed!));
    expect(() => encoderStages(any!)).toThrow('size must be given');
    expect(() => encoderStages(fixed!, { size: 32 })).toThrow("size must be that of the encoder's input");
  });

  it('can be read out: the size is that of the pictures', async () => {
    const images: ImageArray = {
      data: hashedValues('pictures', 40 * 16 * 16 * 3).map((value) => 0.5 * value + 0.5),
      shape: [40, 16, 16, 3],
    };
    const options = { dim: 4 };
    const [any, fixed] = [open, [16, 16, 3] as const].map((inputShape) =>
      keep(resnet18({ inputShape, width: 2, stem: 'small' })),
    );
    await expectTensors(0, async () => {
      const vectors = [];
      for (const encoder of [any!, fixed!]) {
        const readout = await fitReadout(encoder, images, options);
        const again = await Readout.fromState(encoder, await readout.state());
        for (const one of [readout, again]) {
          const y = await one.embed(images);
          vectors.push(y.dataSync());
          y.dispose();
          one.dispose();
        }
      }
      for (const other of vectors.slice(1)) expect(other).toEqual(vectors[0]);
    });
    const filters = await initializeFromImages(any!, images, { patches: 100 });
    expect(filters.layer).toBe('conv1');
  });
});
