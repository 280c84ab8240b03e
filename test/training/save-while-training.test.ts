import { memory } from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { projectionHead, SGD, SimCLR, simclrAugmentation } from 'simclr-ts';
import { directory } from 'simclr-ts/node';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../node/temporary.js';
import { tinyPictures, weightValues } from './tiny.js';

it('a save that continues while the next steps are taken holds the moment at which it began', async () => {
  // More than a megabyte: less is not worth a thread of its own.
  const encoder = sequential({
    layers: [layers.flatten({ inputShape: [8, 8, 3] }), layers.dense({ units: 2000, activation: 'relu' })],
  });
  const simclr = new SimCLR({
    encoder,
    projectionHead: projectionHead({ inputDim: 2000, hidden: [8], outputDim: 8 }),
    augmentation: simclrAugmentation({ size: 8, blur: false }),
    optimizer: new SGD({ learningRate: 0.1, momentum: 0.9 }),
  });
  const pictures = tinyPictures(8);
  await simclr.fit(pictures, { batchSize: 4 });
  const weights = weightValues(simclr);
  const before = memory().numTensors;
  const handler = directory(temporaryFolder());
  const saving = simclr.save(handler);
  await simclr.fit(pictures, { batchSize: 4, epochs: 2 });
  await saving;
  expect(memory().numTensors).toBe(before);
  const loaded = await SimCLR.load(handler);
  expect(weightValues(loaded)).toEqual(weights);
  expect(weightValues(simclr)).not.toEqual(weights);
  for (const each of [simclr, loaded]) each.dispose();
});
