import { memory } from '@tensorflow/tfjs-core';
import { AdamW, type ImageBatch, SimCLR, simclrAugmentation } from 'simclr-ts';
import { expect, it } from 'vitest';
import { memoryStore, rejection, tinyEncoder, tinyPictures } from './tiny.js';

const data = {
  projectionHead: { hidden: [16], outputDim: 8 },
  augmentation: simclrAugmentation({ size: 8 }),
};

it('disposes of the parts that it made, and leaves those that it was given', async () => {
  const encoder = tinyEncoder();
  const optimizer = new AdamW({ learningRate: 1e-3 });
  const before = memory().numTensors;
  const simclr = new SimCLR({ ...data, encoder, optimizer });
  await simclr.fit(tinyPictures(4), { batchSize: 4 });
  simclr.dispose();
  expect(encoder.getWeights().every((weight) => !weight.isDisposed)).toBe(true);
  optimizer.dispose(); // its moments
  expect(memory().numTensors).toBe(before);
  encoder.dispose();
});

it('disposes of given parts when told', async () => {
  const before = memory().numTensors;
  const simclr = new SimCLR({
    ...data,
    encoder: tinyEncoder(),
    optimizer: new AdamW({ learningRate: 1e-3 }),
  });
  await simclr.fit(tinyPictures(4), { batchSize: 4 });
  simclr.dispose({ includeGiven: true });
  expect(memory().numTensors).toBe(before);
});

it('makes everything itself when it is loaded, and is of the class that load was called on', async () => {
  class Mine extends SimCLR {
    readonly mine = true;
  }
  const encoder = tinyEncoder();
  const simclr = new SimCLR({ ...data, encoder });
  const store = memoryStore();
  await simclr.save(store);
  simclr.dispose({ includeGiven: true });
  const before = memory().numTensors;
  const loaded = await Mine.load(store);
  expect(loaded).toBeInstanceOf(Mine);
  expect(loaded.mine).toBe(true);
  await loaded.fit(tinyPictures(4), { batchSize: 4 });
  loaded.dispose();
  expect(memory().numTensors).toBe(before);
});

it('embeds batches in their order, as it embeds the same pictures at once', async () => {
  const simclr = new SimCLR({ ...data, encoder: tinyEncoder() });
  const pictures = tinyPictures(5);
  const size = pictures.data.length / 5;
  const part = (start: number, count: number) => ({
    data: (pictures.data as Float32Array).subarray(start * size, (start + count) * size),
    shape: [count, 8, 8, 3] as [number, number, number, number],
  });
  const batches: ImageBatch[] = [{ images: part(0, 2) }, { images: part(2, 3) }];
  const whole = await simclr.embed(pictures);
  const inBatches = await simclr.embed(() => batches);
  expect(await inBatches.data()).toEqual(await whole.data());
  const before = memory().numTensors;
  const error = await rejection(
    simclr.embed(() => [{ images: { data: new Uint8Array(27), shape: [1, 3, 3, 3] } }]),
  );
  expect(error.name).toBe('ShapeError');
  expect(error.message).toContain("SimCLR.embed: images must have the encoder's input shape");
  expect((await rejection(simclr.embed([]))).message).toContain('SimCLR.embed: images gave no batch');
  expect(memory().numTensors).toBe(before);
  for (const tensor of [whole, inBatches]) tensor.dispose();
  simclr.dispose({ includeGiven: true });
});

it('reads the labels that batches carry, where the loss needs them', async () => {
  const images = tinyPictures(4);
  const losses: number[] = [];
  for (const labels of [
    [0, 1, 2, 3],
    [0, 0, 1, 1],
  ]) {
    const given = new SimCLR({ ...data, encoder: tinyEncoder(), loss: 'supervisedContrastive' });
    const carried = new SimCLR({ ...data, encoder: tinyEncoder(), loss: 'supervisedContrastive' });
    const [expected] = (await given.fit(images, { batchSize: 4, labels, shuffle: false })).steps;
    const [actual] = (await carried.fit(() => [{ images, labels }], { batchSize: 4 })).steps;
    expect(actual!.loss).toBeCloseTo(expected!.loss, 6);
    losses.push(actual!.loss);
    for (const part of [given, carried]) part.dispose({ includeGiven: true });
  }
  expect(losses[0]).not.toBeCloseTo(losses[1]!, 3);
  const simclr = new SimCLR({ ...data, encoder: tinyEncoder(), loss: 'supervisedContrastive' });
  expect((await rejection(simclr.fit(() => [{ images }], { batchSize: 4 }))).message).toContain(
    'labels must be given',
  );
  simclr.dispose({ includeGiven: true });
});
