import {
  add,
  dispose,
  div,
  memory,
  type Scalar,
  type Tensor2D,
  type Tensor4D,
  tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { type LayersModel, layers, sequential } from '@tensorflow/tfjs-layers';
import {
  contrastiveGradients,
  EmbeddingQueue,
  MomentumEncoder,
  negativeCosineSimilarity,
  ntXentQueueLoss,
  SGD,
  SimCLR,
  stopGradient,
  trainableVariables,
} from 'simclr-ts';
import { describe, expect, it } from 'vitest';
import golden from '../fixtures/momentum/momentum.json' with { type: 'json' };
import { expectClose } from '../helpers/close.js';
import { hashedValues } from '../helpers/hashed-values.js';
import { expectTensors } from '../helpers/leaks.js';
import { memoryStore, normalizedEncoder, rejection, tinyPictures, tinySimCLR } from './tiny.js';

/** Dense layers with ReLU between them, with the weights of the fixture. */
function network(name: string, sizes: number[], picture = false): LayersModel {
  const made = sizes.slice(1).map((units, index) =>
    layers.dense({
      units,
      ...(index === 0 && !picture && { inputShape: [sizes[0]!] }),
      ...(index < sizes.length - 2 && { activation: 'relu' as const }),
    }),
  );
  const model = sequential({
    layers: [...(picture ? [layers.flatten({ inputShape: [2, 2, 3] })] : []), ...made],
  });
  tidy(() => {
    for (const [index, layer] of made.entries()) {
      const [inputs, outputs] = [sizes[index]!, sizes[index + 1]!];
      const of = (part: string, size: number) => hashedValues(`momentum/${name}/${index}/${part}`, size);
      layer.setWeights([
        tensor(of('kernel', inputs * outputs), [inputs, outputs]),
        tensor(of('bias', outputs).map((value) => 0.1 * value)),
      ]);
    }
  });
  return model;
}

const firstKernel = (model: LayersModel) => model.getWeights()[0]!.dataSync();

describe('five steps as in PyTorch with lightly', () => {
  it.each(golden.runs)('$method', async ({ method, losses, ...ended }) => {
    await expectTensors(0, async () => {
      const [encoder, head] = [network('encoder', [12, 16, 8], true), network('head', [8, 8, 5])];
      const predictor = network('predictor', [5, 8, 5]);
      const target = await MomentumEncoder.of({ encoder, projectionHead: head }, { momentum: 0.9 });
      const queue = new EmbeddingQueue({ size: 12, dim: 5 });
      tidy(() => queue.enqueue(tensor(hashedValues('momentum/queue', 60), [12, 5]) as Tensor2D));
      const networks = method === 'moco' ? [encoder, head] : [encoder, head, predictor];
      const variables = trainableVariables(...networks);
      const optimizer = new SGD({ learningRate: 0.05, momentum: 0.9 });
      const predict = (z: Tensor2D) => predictor.apply(z, { training: true }) as Tensor2D;
      const counts: number[] = [];
      const measured: number[] = [];
      for (let step = 0; step < losses.length; step++) {
        const [view1, view2] = [1, 2].map(
          (view) => tensor(hashedValues(`momentum/step${step}/view${view}`, 72), [6, 2, 2, 3]) as Tensor4D,
        ) as [Tensor4D, Tensor4D];
        const [key1, key2] = target.project([view1, view2]) as [Tensor2D, Tensor2D];
        const { loss, gradients } = contrastiveGradients(view1, view2, {
          encoder,
          projectionHead: head,
          variables,
          loss: (z1, z2) => {
            if (method === 'moco') return ntXentQueueLoss(z1, key2, queue.rows, { temperature: 0.2 });
            const [t1, t2] = method === 'byol' ? [key1, key2] : [stopGradient(z1), stopGradient(z2)];
            const [forth, back] = [
              negativeCosineSimilarity(predict(z1), t2),
              negativeCosineSimilarity(predict(z2), t1),
            ];
            return div(add(forth, back), 2) as Scalar;
          },
        });
        optimizer.applyGradients(gradients);
        target.update();
        queue.enqueue(key2);
        measured.push(loss.dataSync()[0]!);
        dispose([view1, view2, key1, key2, loss, ...Object.values(gradients)]);
        counts.push(memory().numTensors);
      }
      expectClose(measured, losses, { relative: 1e-5, absolute: 1e-6 });
      expectClose(firstKernel(encoder), ended.online, { relative: 1e-4, absolute: 1e-5 });
      expectClose(firstKernel(target.encoder), ended.target, { relative: 1e-4, absolute: 1e-5 });
      expect(new Set(counts.slice(1)).size).toBe(1);
      for (const one of [encoder, head, predictor, target, queue, optimizer]) one.dispose();
    });
  });
});

describe('MomentumEncoder', () => {
  const networks = () => {
    const simclr = tinySimCLR();
    const encoder = normalizedEncoder();
    return { simclr, networks: { encoder, projectionHead: simclr.projectionHead } };
  };
  const valuesOf = (model: LayersModel) => model.getWeights().map((weight) => [...weight.dataSync()]);

  it('starts equal, follows at its momentum, and keeps its own running statistics', async () => {
    const { simclr, networks: followed } = networks();
    const { encoder } = followed;
    await expectTensors(0, async () => {
      const target = await MomentumEncoder.of(followed, { momentum: 0.75 });
      expect(valuesOf(target.encoder)).toEqual(valuesOf(encoder));
      const before = valuesOf(encoder);
      tidy(() => {
        encoder.setWeights(
          encoder.getWeights().map((weight) => tensor(new Float32Array(weight.size).fill(2), weight.shape)),
        );
      });
      target.update();
      target.update(1); // stays
      const names = encoder.weights.map(({ originalName }) => originalName);
      for (const [index, values] of valuesOf(target.encoder).entries()) {
        const isStatistic = names[index]!.includes('moving');
        const expected = before[index]!.map((value) => (isStatistic ? value : value + 0.25 * (2 - value)));
        expectClose(values, expected, { relative: 1e-6, absolute: 1e-6 });
      }
      target.update(0);
      expect(firstKernel(target.encoder)).toEqual(firstKernel(encoder));
      target.dispose();
    });
    encoder.dispose();
    simclr.dispose();
  });

  it('projects without a gradient, and moves only its own statistics', async () => {
    const { simclr, networks: followed } = networks();
    const target = await MomentumEncoder.of(followed);
    expect(target.momentum).toBe(0.999);
    const [online, own] = [valuesOf(followed.encoder), valuesOf(target.encoder)];
    const { data, shape } = tinyPictures(4);
    const images = tensor(data as Float32Array, [...shape]) as Tensor4D;
    dispose(target.project([images])); // the first pass of a stock layer keeps constants
    await expectTensors(0, () => {
      const projections = target.project([images, images]);
      expect(projections.map((z) => z.shape)).toEqual([
        [4, 8],
        [4, 8],
      ]);
      dispose(projections);
    });
    images.dispose();
    expect(valuesOf(followed.encoder)).toEqual(online);
    expect(valuesOf(target.encoder)).not.toEqual(own);
    target.dispose();
    followed.encoder.dispose();
    simclr.dispose();
  });

  it('is saved and loaded with a trainer', async () => {
    const simclr = tinySimCLR();
    const target = await MomentumEncoder.of(simclr, { momentum: 0.5 });
    await simclr.trainStep(tinyPictures(4));
    target.update();
    const trainer = tinySimCLR({
      encoder: simclr.encoder,
      projectionHead: simclr.projectionHead,
      extraState: { target },
    });
    const store = memoryStore();
    await trainer.save(store);
    const again = await MomentumEncoder.of(simclr);
    const loaded = await SimCLR.load(store, { extraState: { target: again } });
    expect(valuesOf(again.encoder)).toEqual(valuesOf(target.encoder));
    expect(valuesOf(again.encoder)).not.toEqual(valuesOf(simclr.encoder));
    const { tensors } = target.capture();
    const [name] = Object.keys(tensors!);
    const { [name!]: missing, ...others } = tensors!;
    expect(() => again.restore({ tensors: others })).toThrow(
      `the state must have a tensor of shape [3,3,3,8] for ${name}`,
    );
    dispose([missing!, others]);
    for (const one of [target, again, loaded, simclr]) one.dispose();
  });

  it('refuses a momentum that is none', async () => {
    const simclr = tinySimCLR();
    for (const momentum of [-0.1, 1.1, Number.NaN, '1' as never]) {
      expect((await rejection(MomentumEncoder.of(simclr, { momentum }))).message).toContain(
        'momentum must be a number from 0 to 1',
      );
    }
    const target = await MomentumEncoder.of(simclr);
    expect(() => target.update(2)).toThrow('MomentumEncoder.update: momentum must be a number from 0 to 1');
    target.dispose();
    simclr.dispose();
  });
});
