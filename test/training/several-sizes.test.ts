import { layers, sequential } from '@tensorflow/tfjs-layers';
import {
  checkBackend,
  type ImageArray,
  mobileNetV2,
  multiCropAugmentation,
  type PictureShape,
  projectionHead,
  resnet18,
  SimCLR,
  type SimCLROptions,
  simclrAugmentation,
  type Transform,
} from 'simclr-ts';
import { examine } from 'simclr-ts/doctor';
import { exportONNX } from 'simclr-ts/interop';
import { describe, expect, it } from 'vitest';
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { memoryStore, rejection } from './tiny.js';

const open: PictureShape = [null, null, 3];
const networks = {
  resnet18: (inputShape: PictureShape) => resnet18({ inputShape, width: 2, stem: 'small' }),
  mobileNetV2: (inputShape: PictureShape) => mobileNetV2({ inputShape, widthMultiplier: 0.25 }),
};

function pictures(count: number, height: number, width = height): ImageArray {
  const data = hashedValues('several sizes', count * height * width * 3).map((value) => 0.5 * value + 0.5);
  return { data, shape: [count, height, width, 3] };
}

function trainer(options: SimCLROptions): SimCLR {
  return new SimCLR({ augmentation: simclrAugmentation({ size: 12, blur: false }), ...options });
}

describe('an encoder of any size', () => {
  it.each(Object.entries(networks))(
    '%s: trains as one of a fixed size, from a checkpoint too',
    async (_, build) => {
      await expectTensors(0, async () => {
        const losses: number[][] = [];
        const embeddings: Float32Array[] = [];
        for (const inputShape of [open, [12, 12, 3] as const]) {
          const simclr = trainer({ encoder: build(inputShape) });
          expect(simclr.inputSize).toEqual([12, 12]);
          const first = await simclr.fit(pictures(8, 16), { batchSize: 4, maxSteps: 1, epochs: 2 });
          const store = memoryStore();
          await simclr.save(store);
          const loaded = await SimCLR.load(store);
          expect(loaded.encoder.inputs[0]!.shape).toEqual([null, ...inputShape]);
          expect(loaded.inputSize).toEqual([12, 12]);
          const second = await loaded.fit(pictures(8, 16), { batchSize: 4, epochs: 2, resume: true });
          losses.push([...first.steps, ...second.steps].map(({ loss }) => loss));
          const h = await loaded.embed(pictures(3, 12));
          embeddings.push((await h.data()) as Float32Array);
          h.dispose();
          for (const one of [simclr, loaded]) one.dispose({ includeGiven: true });
        }
        expect(losses[0]).toEqual(losses[1]);
        expect(losses[0]).toHaveLength(4);
        expect(embeddings[0]).toEqual(embeddings[1]);
      });
    },
  );

  it('embeds pictures of several sizes, each as an encoder of that size', async () => {
    const simclr = trainer({ encoder: networks.resnet18(open) });
    const sizes = [
      [1, 1],
      [5, 7],
      [12, 12],
      [20, 16],
    ] as const;
    const batches = sizes.map(([height, width]) => pictures(2, height, width));
    const together = await simclr.embed(batches);
    expect(together.shape).toEqual([8, 16]);
    const rows = (await together.data()) as Float32Array;
    for (const [index, [height, width]] of sizes.entries()) {
      const fixed = trainer({
        encoder: networks.resnet18([height, width, 3]),
        augmentation: simclrAugmentation({ size: [height, width] }),
      });
      fixed.encoder.setWeights(simclr.encoder.getWeights());
      const own = await fixed.embed(batches[index]!);
      expectClose(rows.subarray(index * 32, (index + 1) * 32), own.dataSync(), {
        relative: 1e-6,
        absolute: 1e-7,
      });
      own.dispose();
      fixed.dispose({ includeGiven: true });
    }
    together.dispose();
    simclr.dispose({ includeGiven: true });
  });

  it('has views of 96 unless the augmentation says another size', () => {
    for (const [options, size] of [
      [{}, 96],
      [{ augmentation: { name: 'simclrAugmentation', options: { size: 20 } } }, 20],
      [{ augmentation: { name: 'multiCropAugmentation', options: { size: 28 } } }, 28],
    ] as [SimCLROptions, number][]) {
      const simclr = new SimCLR({ encoder: { name: 'resnet18', inputShape: open, width: 2 }, ...options });
      expect(simclr.inputSize).toEqual([size, size]);
      expect(simclr.summary()).toMatch(/resnet18 +\[any, any, 3\] -> \[16\]/);
      simclr.dispose();
    }
  });

  it('has no size of its own where the augmentation keeps that of the pictures', async () => {
    const keeping: Transform<null> = { name: 'keeping', sample: () => null, apply: (images) => images };
    const simclr = trainer({ encoder: networks.resnet18(open), augmentation: keeping });
    expect(() => simclr.inputSize).toThrow(/size of the pictures must be known .*keeping without one/);
    const { loss } = await simclr.trainStep(pictures(4, 9));
    expect(loss).toBeGreaterThan(0);
    simclr.dispose({ includeGiven: true });
  });

  it('passes the checks, and is exported', async () => {
    const simclr = trainer({ encoder: networks.resnet18(open) });
    expect((await checkBackend(simclr)).ok).toBe(true);
    expect((await checkBackend({ encoder: simclr.encoder })).ok).toBe(true);
    const findings = await examine(simclr, pictures(16, 16));
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    const file = new TextDecoder('latin1').decode(await exportONNX(simclr.encoder));
    expect(file).toContain('height');
    expect(file).not.toContain('inputSize');
    simclr.dispose({ includeGiven: true });
  });

  it('refuses what it cannot take', async () => {
    const simclr = trainer({ encoder: networks.resnet18(open) });
    const gray: ImageArray = { data: new Float32Array(2 * 64), shape: [2, 8, 8, 1] };
    expect((await rejection(simclr.embed(gray))).message).toContain(
      "the encoder's input shape [N, null,null,3]",
    );
    simclr.dispose({ includeGiven: true });
    const encoder = resnet18({
      inputShape: open,
      width: 2,
      stem: { kernelSize: 7, strides: 2, pool: false, padding: 0 },
    });
    const large = trainer({ encoder });
    expect((await rejection(large.embed(pictures(2, 6)))).message).toContain('too small for the network');
    const few = simclrAugmentation({ size: 6, blur: false });
    const tooSmall = trainer({ encoder, augmentation: few });
    expect((await rejection(tooSmall.trainStep(pictures(4, 9)))).message).toContain(
      'too small for the network',
    );
    tooSmall.dispose();
    large.dispose({ includeGiven: true });
    const vectors = sequential({ layers: [layers.dense({ inputShape: [8], units: 8 })] });
    expect(() => trainer({ encoder: vectors })).toThrow('must take images');
    vectors.dispose();
  });
});

describe('multiCropAugmentation in the trainer', () => {
  it.each<[string, PictureShape]>([
    ['any size', open],
    ['a fixed size', [16, 16, 3]],
  ])('trains, continues from a checkpoint, and leaves no tensor: %s', async (_, inputShape) => {
    await expectTensors(0, async () => {
      const simclr = new SimCLR({
        encoder: networks.resnet18(inputShape),
        projectionHead: projectionHead({ inputDim: 16, hidden: [16], outputDim: 8 }),
        augmentation: multiCropAugmentation({ size: 16, blur: false, small: { views: 3 } }),
      });
      expect(simclr.summary()).toMatch(
        /augmentation +simclrAugmentation 16x16, 2 views; simclrAugmentation 8x8, 3 views\n/,
      );
      await simclr.fit(pictures(8, 16), { batchSize: 4, maxSteps: 1, epochs: 2 });
      const store = memoryStore();
      await simclr.save(store);
      const loaded = await SimCLR.load(store);
      expect(loaded.summary()).toBe(simclr.summary());
      const options = { batchSize: 4, epochs: 2, resume: true };
      const [straight, resumed] = [
        await simclr.fit(pictures(8, 16), options),
        await loaded.fit(pictures(8, 16), options),
      ];
      expect(resumed.steps.map(({ loss }) => loss)).toEqual(straight.steps.map(({ loss }) => loss));
      for (const one of [simclr, loaded]) one.dispose({ includeGiven: true });
    });
  });

  it('has as many views as its transforms', () => {
    const augmentation = {
      name: 'multiCropAugmentation',
      options: { size: 16, small: { views: 2 } },
    } as const;
    const encoder = { name: 'resnet18', inputShape: open, width: 2 } as const;
    const simclr = new SimCLR({ encoder, augmentation });
    expect(simclr.augmentations).toHaveLength(4);
    simclr.dispose();
    expect(() => new SimCLR({ encoder, augmentation, views: 3 })).toThrow('views must be left out');
  });
});
